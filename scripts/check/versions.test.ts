import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { CHECKOUT } from '../stack/layout.ts'
import { checkVersions, OLDEST } from './versions.ts'

const complaints = (nginx: string, njs: string) =>
  checkVersions({ nginx, njs }).map(({ file }) => file)

test('the oldest version and newer ones are good', () => {
  for (const [nginx, njs] of [
    ['1.30.6', '1.0.1'],
    ['1.30.10', '1.0.12'],
    ['1.31', '1.1'],
    ['2.0.0', '10.0.0'],
  ] as const) {
    assert.deepEqual(complaints(nginx, njs), [], `${nginx} ${njs}`)
  }
})

test('older ones are told, and what is no version counts as older', () => {
  assert.deepEqual(complaints('1.30.5', '1.0.2'), ['nginx'])
  assert.deepEqual(complaints('1.30.6', '1.0.0'), ['njs'])
  assert.deepEqual(complaints('1.9.15', '0.9.12'), ['nginx', 'njs'])
  assert.deepEqual(complaints('', 'missing'), ['nginx', 'njs'])
})

test('the container insists on the same versions', () => {
  const script = readFileSync(join(CHECKOUT, 'nginx/entrypoint.sh'), 'utf8')
  assert.match(script, new RegExp(`^oldest_nginx=${OLDEST.nginx.replaceAll('.', '\\.')}$`, 'm'))
  assert.match(script, new RegExp(`^oldest_njs=${OLDEST.njs.replaceAll('.', '\\.')}$`, 'm'))
})
