/** nginx/entrypoint.sh refuses an image whose nginx or njs is too old for the gate. */

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { chmodSync, copyFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { CHECKOUT } from '../../scripts/stack/layout.ts'
import { tempFolder } from '../../scripts/test/temp-folder.ts'

/** Returns what a start says in an image that tells these versions, and has no settings. */
function start(versions: Readonly<Record<string, string>>) {
  const root = tempFolder()
  const script = join(root, 'chatgate-start')
  copyFileSync(join(CHECKOUT, 'nginx/entrypoint.sh'), script)
  chmodSync(script, 0o755)
  const { PATH = '' } = process.env
  const env = { PATH, CHATGATE_ROOT: root, ...versions }
  const { status, stderr } = spawnSync(script, { encoding: 'utf8', env })
  return { status, lines: stderr.trim().split('\n') }
}

const NEXT = /there are no settings/

test('versions that are too old end the start, both told at once', () => {
  const { status, lines } = start({ NGINX_VERSION: '1.30.5', NJS_VERSION: '0.9.12' })
  assert.equal(status, 1)
  assert.deepEqual(lines, [
    'chatgate: nginx 1.30.5 is too old; the gate needs 1.30.6 or newer (NGINX_IMAGE)',
    'chatgate: njs 0.9.12 is too old; the gate needs 1.0.1 or newer (NGINX_IMAGE)',
  ])
})

for (const [nginx, njs] of [
  ['1.30.6', '1.0.1'],
  ['1.30.10', '1.0.10'],
  ['1.31.0', '1.1.0'],
] as const) {
  test(`nginx ${nginx} with njs ${njs} is good`, () => {
    const { lines } = start({ NGINX_VERSION: nginx, NJS_VERSION: njs })
    assert.equal(lines.length, 1)
    assert.match(lines[0] ?? '', NEXT)
  })
}

test('an image that tells no versions is not judged', () => {
  assert.match(start({}).lines[0] ?? '', NEXT)
})
