import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, test } from 'node:test'
import { loadSecrets } from './secrets.ts'

let folder = ''
let path = ''

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'chatgate-secrets-'))
  path = join(folder, 'secrets.json')
})

afterEach(() => rmSync(folder, { recursive: true }))

test('secrets are made once, all different, for their owner alone', async () => {
  const made = await loadSecrets(path)
  assert.deepEqual(await loadSecrets(path), made)
  assert.equal(new Set(Object.values(made)).size, Object.keys(made).length)
  assert.equal(statSync(path).mode & 0o777, 0o600)
})

test('a file of an older version keeps its secrets and gets the missing ones', async () => {
  const { token: _token, ...older } = await loadSecrets(path)
  writeFileSync(path, JSON.stringify(older))
  const completed = await loadSecrets(path)
  assert.match(completed.token, /^[\w-]{43}$/)
  assert.deepEqual(completed, { ...older, token: completed.token })
  assert.deepEqual(JSON.parse(readFileSync(path, 'utf8')), completed)
})

test('a file that cannot be read is no reason to make new secrets', async () => {
  writeFileSync(path, '{"session":')
  await assert.rejects(loadSecrets(path), SyntaxError)
  assert.equal(readFileSync(path, 'utf8'), '{"session":')
})
