import assert from 'node:assert/strict'
import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import { tempFolder } from '../test/temp-folder.ts'
import { readNginxTree } from './nginx-tree.ts'
import { formatProblem } from './problem.ts'
import { walk } from './walk.ts'

function treeOf(files: Readonly<Record<string, string>>) {
  const folder = tempFolder()
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true })
    writeFileSync(join(folder, name), text)
  }
  const { directives, problems } = readNginxTree(folder, (path) => `nginx/${path}`)
  return {
    folder,
    places: [...walk(directives)].map(
      ({ directive: { name, file, line } }) => `${name} ${file}:${line}`,
    ),
    problems: problems.map(formatProblem),
  }
}

test('included files stand where they are included, in the order of their names', () => {
  const { places, problems } = treeOf({
    'nginx.conf': 'a;\nhttp {\n  include conf.d/*.conf;\n  include snippets/one.conf;\n}\n',
    'conf.d/b.conf': 'b;\n',
    'conf.d/a.conf': '\nserver { include snippets/one.conf; }\n',
    'conf.d/.hidden.conf': 'hidden;\n',
    'conf.d/c.txt': 'c;\n',
    'snippets/one.conf': 'one;\n',
  })
  assert.deepEqual(problems, [])
  assert.deepEqual(places, [
    'a nginx/nginx.conf:1',
    'http nginx/nginx.conf:2',
    'server nginx/conf.d/a.conf:2',
    'one nginx/snippets/one.conf:1',
    'b nginx/conf.d/b.conf:1',
    'one nginx/snippets/one.conf:1',
  ])
})

test('a file outside the folder is named by its path', () => {
  const outside = join(tempFolder(), 'own.conf')
  writeFileSync(outside, 'own;\n')
  assert.deepEqual(treeOf({ 'nginx.conf': `include ${outside};\n` }).places, [`own ${outside}:1`])
})

test('a pattern may match nothing, a name may not', () => {
  const { problems } = treeOf({ 'nginx.conf': 'include none/*.conf;\ninclude none.conf;\n' })
  assert.deepEqual(problems, ['nginx/nginx.conf:2: there is no file none.conf to include'])
})

test('a file that cannot be read does not hide the others', () => {
  const { places, problems } = treeOf({
    'nginx.conf': 'include a.conf;\ninclude b.conf;\ninclude c.conf;\n',
    'a.conf': 'a {\n',
    'b.conf': 'b;\n',
    'c.conf': 'c "\n',
  })
  assert.deepEqual(places, ['b nginx/b.conf:1'])
  assert.deepEqual(problems, [
    'nginx/a.conf:2: unexpected end of file, expecting "}"',
    'nginx/c.conf:1: a " is never closed',
  ])
})

test('files that include each other are told', () => {
  const { problems } = treeOf({
    'nginx.conf': 'include a.conf;\n',
    'a.conf': 'include b.conf;\n',
    'b.conf': '\ninclude a.conf;\n',
  })
  assert.deepEqual(problems, ['nginx/b.conf:2: a.conf includes itself'])
})
