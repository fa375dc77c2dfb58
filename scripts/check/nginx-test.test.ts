import assert from 'node:assert/strict'
import { existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { tempFolder } from '../test/temp-folder.ts'
import { parseNginx } from './nginx-parser.ts'
import { readMessages, testNginx } from './nginx-test.ts'
import { formatProblem } from './problem.ts'
import { walk } from './walk.ts'

/** A folder as the local run makes it: links to sources. */
function stage(files: Readonly<Record<string, string>>): string {
  const [sources, folder] = [tempFolder(), join(tempFolder(), 'conf')]
  mkdirSync(folder)
  for (const [name, text] of Object.entries(files)) {
    writeFileSync(join(sources, name), text)
    symlinkSync(join(sources, name), join(folder, name))
  }
  return folder
}

/** Like nginx: stops at the first directive `bad…` of the first file that has one. */
async function fussy(folder: string): Promise<string> {
  for (const name of ['a.conf', 'b.conf']) {
    const path = join(folder, name)
    const directives = [...walk(parseNginx(readFileSync(path, 'utf8'), path))]
    const found = directives.map(({ directive }) => directive).find((d) => d.name.startsWith('bad'))
    if (found === undefined) continue
    const message =
      found.name === 'bad_other' ? 'host not found' : `unknown directive "${found.name}"`
    return `nginx: [emerg] ${message} in ${path}:${found.endLine}\nnginx: configuration file test failed`
  }
  return ''
}

const problemsIn = async (files: Readonly<Record<string, string>>) =>
  (await testNginx(stage(files), fussy, (path) => `nginx/${path}`)).map(formatProblem)

test('what nginx takes has no problems', async () => {
  assert.deepEqual(await problemsIn({ 'a.conf': 'a;\n', 'b.conf': 'b;\n' }), [])
})

test('mistakes that stand by themselves are all told, with the operator’s names', async () => {
  const files = {
    'a.conf': 'bad1 x; good; bad2\n y;\n',
    'b.conf': 'good {\n  bad3 {\n    bad4;\n  }\n}\n',
  }
  assert.deepEqual(await problemsIn(files), [
    'nginx/a.conf:1: unknown directive "bad1"',
    'nginx/a.conf:2: unknown directive "bad2"',
    // With the block that nginx does not know goes what stands in it.
    'nginx/b.conf:2: unknown directive "bad3"',
  ])
})

test('behind any other mistake nothing is told that may be its consequence', async () => {
  const files = { 'a.conf': 'bad_other;\n', 'b.conf': 'bad1;\n' }
  assert.deepEqual(await problemsIn(files), ['nginx/a.conf:1: host not found'])
  const swapped = { 'a.conf': 'bad1;\n', 'b.conf': 'bad_other;\n' }
  assert.deepEqual(await problemsIn(swapped), ['nginx/a.conf:1: unknown directive "bad1"'])
})

test('the sources stay as they are, and no copy is left', async () => {
  const folder = stage({ 'a.conf': 'bad1;\n', 'b.conf': '' })
  await testNginx(folder, fussy, (path) => path)
  assert.equal(readFileSync(join(folder, 'a.conf'), 'utf8'), 'bad1;\n')
  assert.ok(!existsSync(`${folder}.copy`))
})

test('a file outside the folder is told and never changed', async () => {
  const outside = join(tempFolder(), 'own.conf')
  writeFileSync(outside, 'bad1;\n')
  const run = async () => `nginx: [emerg] unknown directive "bad1" in ${outside}:1`
  const problems = await testNginx(stage({ 'a.conf': '' }), run, (path) => path)
  assert.deepEqual(problems.map(formatProblem), [`${outside}:1: unknown directive "bad1"`])
  assert.equal(readFileSync(outside, 'utf8'), 'bad1;\n')
})

test('an nginx that fails without a message has a problem', async () => {
  const folder = stage({ 'a.conf': '' })
  const problems = await testNginx(
    folder,
    async () => 'cannot be executed',
    (path) => path,
  )
  assert.deepEqual(problems, [{ file: 'nginx/nginx.conf', message: 'cannot be executed' }])
})

test('messages of the log and of the terminal are read, warnings are not', () => {
  const output = `2026/11/22 18:28:41 [emerg] 95#95: "js_access" directive is not allowed here in /x/t.conf:8
nginx: [warn] conflicting server name "a" on 0.0.0.0:80, ignored
nginx: [emerg] unknown "foo" variable
nginx: configuration file /x/t.conf test failed`
  assert.deepEqual(readMessages(output), [
    { message: '"js_access" directive is not allowed here', path: '/x/t.conf', line: 8 },
    { message: 'unknown "foo" variable', path: undefined, line: undefined },
  ])
})
