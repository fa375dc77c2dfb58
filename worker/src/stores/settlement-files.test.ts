import assert from 'node:assert/strict'
import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, test } from 'node:test'
import { createSettlementFiles, type SettlementFiles } from './settlement-files.ts'

let base = ''
let folder = ''
let files: SettlementFiles

beforeEach(async () => {
  base = mkdtempSync(join(tmpdir(), 'chatgate-spool-'))
  folder = join(base, 'spool')
  files = createSettlementFiles(folder)
  await files.prepare()
})

afterEach(() => rmSync(base, { recursive: true }))

test('what was added is read back until it is removed, by anybody who shares the folder', async () => {
  await files.add('a', 'text of a\n世界')
  await files.add('b', 'text of b')
  await files.add('a', 'text of a, again')
  const other = createSettlementFiles(folder)
  assert.deepEqual(await other.read(), [
    { id: 'a', text: 'text of a, again' },
    { id: 'b', text: 'text of b' },
  ])
  await other.remove('a')
  await files.remove('a')
  assert.deepEqual(
    (await files.read()).map(({ id }) => id),
    ['b'],
  )
})

test('answers are for the eyes of the worker alone', async () => {
  await files.add('a', 'text')
  await files.putAside('b', 'text')
  for (const path of [folder, join(folder, 'refused')]) {
    assert.equal(statSync(path).mode & 0o777, 0o700)
  }
  for (const path of [join(folder, 'a.json'), join(folder, 'refused/b.json')]) {
    assert.equal(statSync(path).mode & 0o777, 0o600)
  }
})

test('what a crash left half written is never read, and goes at a later start', async () => {
  const half = join(folder, 'c-00000000.new')
  writeFileSync(half, '{"id":')
  assert.deepEqual(await files.read(), [])
  await files.prepare()
  assert.ok(existsSync(half), 'another worker may be writing it')
  utimesSync(half, 0, 0)
  await files.prepare()
  assert.deepEqual(readdirSync(folder), ['refused'])
})

test('what is put aside is kept and no longer read', async () => {
  await files.add('a', 'refused by MySQL')
  await files.putAside('a', 'refused by MySQL')
  await files.remove('a')
  assert.deepEqual(await files.read(), [])
  assert.equal(readFileSync(join(folder, 'refused/a.json'), 'utf8'), 'refused by MySQL')
})

test('a folder that cannot be written is told at the start', async () => {
  const file = join(base, 'file')
  writeFileSync(file, '')
  await assert.rejects(createSettlementFiles(join(file, 'spool')).prepare(), /ENOTDIR/)
})
