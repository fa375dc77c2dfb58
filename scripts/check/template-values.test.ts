import assert from 'node:assert/strict'
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { CHECKOUT } from '../stack/layout.ts'
import { baseEnvironment } from '../stack/service.ts'
import { tempFolder } from '../test/temp-folder.ts'
import { formatProblem } from './problem.ts'
import { renderTemplates } from './template-values.ts'

async function render(templates: Readonly<Record<string, string>>) {
  const folder = tempFolder()
  const at = (name: string) => join(folder, name)
  mkdirSync(at('templates'))
  for (const [name, text] of Object.entries(templates)) writeFileSync(at(`templates/${name}`), text)
  writeFileSync(at('values.env'), 'PORT=8443\n', { mode: 0o600 })
  const problems = await renderTemplates({
    script: join(CHECKOUT, 'nginx/render.sh'),
    values: at('values.env'),
    templates: at('templates'),
    target: at('rendered'),
    env: baseEnvironment(),
  })
  const texts = readdirSync(at('rendered')).map((name) =>
    readFileSync(at(`rendered/${name}`), 'utf8'),
  )
  return { folder, problems: problems.map(formatProblem), texts }
}

test('with all values the templates are filled in', async () => {
  const { folder, problems, texts } = await render({ 'a.conf': `listen \${PORT};\n` })
  assert.deepEqual(problems, [])
  assert.deepEqual(texts, ['listen 8443;\n'])
  assert.equal(statSync(join(folder, 'rendered/a.conf')).mode & 0o777, 0o600)
})

test('names without a value are told in all templates at once, and the rest is filled in', async () => {
  const { folder, problems, texts } = await render({
    'a.conf': `a \${ONE};\n\nlisten \${PORT} \${TWO};\n`,
    'b.conf': `\nb \${ONE} \${THREE};\n`,
    'c.conf': `c \${FOUR:-4};\n`,
  })
  assert.deepEqual(problems, [
    `nginx/templates/a.conf:1: \${ONE} has no value`,
    `nginx/templates/a.conf:3: \${TWO} has no value`,
    `nginx/templates/b.conf:2: \${ONE} has no value`,
    `nginx/templates/b.conf:2: \${THREE} has no value`,
  ])
  assert.deepEqual(texts, ['a ;\n\nlisten 8443 ;\n', '\nb  ;\n', 'c 4;\n'])
  assert.deepEqual(readdirSync(folder).sort(), ['rendered', 'templates', 'values.env'])
})
