import assert from 'node:assert/strict'
import { mkdtemp, readdir, readFile, rm, stat, utimes } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { gunzipSync } from 'node:zlib'
import { checkBudget } from './page-budget.ts'
import { nameByContent } from './page-bundle.ts'
import { pruneAssets, writeCompressed } from './page-files.ts'

const folder = await mkdtemp(join(tmpdir(), 'page-files-'))
after(() => rm(folder, { recursive: true }))

const YEAR_2000 = new Date('2000-01-01T00:00:00Z')

test('a file stands beside its compressed form and is left alone while it is the same', async () => {
  const path = join(folder, 'deep/page.html')
  await writeCompressed(path, Buffer.from('<p>你好</p>'))
  assert.equal(gunzipSync(await readFile(`${path}.gz`)).toString(), '<p>你好</p>')
  await utimes(path, YEAR_2000, YEAR_2000)
  await writeCompressed(path, Buffer.from('<p>你好</p>'))
  assert.equal((await stat(path)).mtimeMs, YEAR_2000.getTime())
  await writeCompressed(path, Buffer.from('<p>new</p>'))
  assert.equal(await readFile(path, 'utf8'), '<p>new</p>')
  assert.deepEqual((await readdir(join(folder, 'deep'))).sort(), ['page.html', 'page.html.gz'])
})

test('old assets go once nobody can need them, current and recent ones stay', async () => {
  const assets = join(folder, 'assets')
  for (const name of ['current.js', 'recent.js', 'old.js']) {
    await writeCompressed(join(assets, name), Buffer.from(name))
  }
  for (const name of ['current.js', 'current.js.gz', 'old.js', 'old.js.gz']) {
    await utimes(join(assets, name), YEAR_2000, YEAR_2000)
  }
  await pruneAssets(assets, new Set(['current.js']))
  assert.deepEqual((await readdir(assets)).sort(), [
    'current.js',
    'current.js.gz',
    'recent.js',
    'recent.js.gz',
  ])
})

test('a name changes with the contents only', () => {
  const one = nameByContent('chat.js', Buffer.from('1'))
  assert.match(one.name, /^chat-[0-9a-f]{10}\.js$/)
  assert.equal(nameByContent('chat.js', Buffer.from('1')).name, one.name)
  assert.notEqual(nameByContent('chat.js', Buffer.from('2')).name, one.name)
})

test('a page above its budget is refused by name', () => {
  const noise = Buffer.from(Array.from({ length: 2000 }, (_, i) => (i * 7919 * i) % 251))
  assert.doesNotThrow(() => checkBudget('en/login', [Buffer.from('small')], 100))
  assert.throws(() => checkBudget('en/login', [noise, noise], 100), /en\/login .* budget is 100/)
})
