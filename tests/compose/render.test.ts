/** nginx/render.sh: how templates are filled in, and that a bad one changes nothing. */

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { CHECKOUT } from '../../scripts/stack/layout.ts'

const SCRIPT = join(CHECKOUT, 'nginx/render.sh')

type Files = Readonly<Record<string, string>>

interface Rendering {
  readonly status: number | null
  readonly stderr: string
  readonly files: Files
}

/** Renders into a folder that holds `before`, and returns what is there afterwards. */
function render(values: string, templates: Files, before: Files = {}): Rendering {
  const folder = mkdtempSync(join(tmpdir(), 'chatgate-render-'))
  try {
    const at = (name: string) => join(folder, name)
    writeFileSync(at('values.env'), values)
    for (const [name, files] of Object.entries({ templates, target: before })) {
      mkdirSync(at(name))
      for (const [file, text] of Object.entries(files)) writeFileSync(join(at(name), file), text)
    }
    const { status, stderr } = spawnSync(
      'sh',
      [SCRIPT, at('values.env'), at('templates'), at('target')],
      {
        encoding: 'utf8',
      },
    )
    const names = readdirSync(at('target'))
    const files = names.map((file) => [file, readFileSync(join(at('target'), file), 'utf8')])
    for (const file of names.filter((name) => !(name in before))) {
      assert.equal(statSync(join(at('target'), file)).mode & 0o777, 0o600, file)
    }
    return { status, stderr, files: Object.fromEntries(files) }
  } finally {
    rmSync(folder, { recursive: true })
  }
}

/** Returns the one line that a template becomes. */
function line(values: string, template: string): string | undefined {
  return render(values, { 'a.conf': `${template}\n` }).files['a.conf']?.replace(/\n$/, '')
}

test('a name becomes its value, wherever it stands and as often', () => {
  assert.equal(line('A=1\nB=2\n', `x \${A} y \${B}\${A}; # \${A}`), 'x 1 y 21; # 1')
})

test('an empty value is a value', () => {
  assert.equal(line('A=\n', `[\${A:-default}]`), '[]')
})

test('without a value the text after :- counts, whatever it holds', () => {
  assert.equal(line('B=1\n', `'\${A:-"chat";q=5;w=60}'`), `'"chat";q=5;w=60'`)
})

test('a value beats the default', () => {
  assert.equal(line('A="v1";q=9;w=1\n', `'\${A:-"chat";q=5;w=60}'`), `'"v1";q=9;w=1'`)
})

test('a value is kept verbatim', () => {
  const value = String.raw`& \ " $ \\1 \n % ' # ; ${'`'}=x=`
  assert.equal(line(`A=${value}\n`, `<\${A}>`), `<${value}>`)
})

test('a value that looks like a placeholder is not filled in', () => {
  assert.equal(line(`A=\${B}\nB=2\n`, `\${A}`), `\${B}`)
})

test("nginx's own variables are left alone", () => {
  assert.equal(
    line('A=1\n', 'return 308 https://$host$request_uri;'),
    'return 308 https://$host$request_uri;',
  )
})

test('lines keep their numbers', () => {
  const { files } = render('A=\n', { 'a.conf': `# one\n\${A}\nthree\n` })
  assert.equal(files['a.conf'], '# one\n\nthree\n')
})

test('a missing name is an error with file and line, and all of them are told', () => {
  const { status, stderr, files } = render('A=1\n', { 'a.conf': `\${A}\n\${B}\n \${C}\n` })
  assert.equal(status, 1)
  assert.equal(
    stderr,
    `templates/a.conf:2: \${B} has no value\ntemplates/a.conf:3: \${C} has no value\n`,
  )
  assert.deepEqual(files, {})
})

test('one bad template leaves everything as it was', () => {
  const before = { 'a.conf': 'old a\n', 'b.conf': 'old b\n' }
  const { status, files } = render('A=1\n', { 'a.conf': `\${A}\n`, 'b.conf': `\${B}\n` }, before)
  assert.equal(status, 1)
  assert.deepEqual(files, before)
})

test('values that cannot be read are an error', () => {
  const folder = mkdtempSync(join(tmpdir(), 'chatgate-render-'))
  writeFileSync(join(folder, 'a.conf'), 'plain\n')
  const { status } = spawnSync('sh', [
    SCRIPT,
    join(folder, 'none.env'),
    folder,
    join(folder, 'target'),
  ])
  assert.notEqual(status, 0)
  assert.deepEqual(readdirSync(join(folder, 'target')), [])
  rmSync(folder, { recursive: true })
})
