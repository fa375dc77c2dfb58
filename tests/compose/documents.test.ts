/** The operator's documents name files, settings and services that are there. */

import assert from 'node:assert/strict'
import { existsSync, readdirSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import { problemStatus } from '#contract/problem.ts'
import { isProblemCode } from '#contract/problem-codes.ts'
import { METRIC_FAMILIES } from '../../njs/src/domain/metric-families.ts'
import { CHECKOUT } from '../../scripts/stack/layout.ts'
import { testEnv } from '../../worker/src/fake-deps.ts'
import { openApiDocument } from '../../worker/src/openapi.ts'
import { allOperations } from '../../worker/src/routes/operations.ts'
import { Problem } from '../../worker/src/routes/problem-schema.ts'
import { readComposeFile, source } from './compose-file.ts'

const DOCUMENTS = [
  'docs/operations.md',
  'docs/accounting.md',
  'docs/gate.md',
  'docs/api.md',
  'nginx/README.md',
  'mysql/README.md',
  'ssl/README.md',
]

function quoted(document: string): readonly string[] {
  return [...source(document).matchAll(/`([^`\n]+)`/g)].map(([, text = '']) => text)
}

for (const document of DOCUMENTS) {
  test(`${document}: links lead somewhere`, () => {
    const links = [...source(document).matchAll(/\]\(([^)#:]+)\)/g)].map(([, link = '']) => link)
    for (const link of links) assert.ok(existsSync(join(CHECKOUT, dirname(document), link)), link)
  })

  test(`${document}: settings are those of .env.example`, () => {
    const known = [...source('.env.example').matchAll(/^#([A-Z_]+)=/gm)].map(([, name]) => name)
    const named = quoted(document).filter((text) => /^[A-Z]+(_[A-Z]+)+$/.test(text))
    for (const name of named) assert.ok(known.includes(name), name)
  })

  test(`${document}: commands name services that exist`, () => {
    const { services } = readComposeFile()
    const commands = source(document).matchAll(
      /docker compose (?:exec|logs|restart|run)((?: --?\S+(?: \d+)?)*) ([a-z]+)/g,
    )
    for (const [command, , service = ''] of commands) assert.ok(service in services, command)
  })

  test(`${document}: npm commands exist`, () => {
    const { scripts }: { scripts: Record<string, string> } = JSON.parse(source('package.json'))
    for (const [, name = ''] of source(document).matchAll(/npm run ([a-z:]+)/g)) {
      assert.ok(name in scripts, name)
    }
  })
}

test('nginx/README.md: files are there', () => {
  const files = quoted('nginx/README.md').filter((text) =>
    /^[a-z.-]+(\/[a-z.-]+)*\.conf$/.test(text),
  )
  assert.ok(files.length > 10)
  for (const file of files) assert.ok(existsSync(join(CHECKOUT, 'nginx', file)), file)
})

test('docs/gate.md: the metrics are those that the gate tells', () => {
  const named = quoted('docs/gate.md').filter((text) => /^chatgate_[a-z0-9_]+$/.test(text))
  assert.deepEqual([...new Set(named)].sort(), Object.keys(METRIC_FAMILIES).sort())
})

test('docs/gate.md: the codes of refusals are those of the contract', () => {
  const rows = source('docs/gate.md').matchAll(/^\| (\d{3}) `([a-z_]+)`/gm)
  const named = [...rows].map(([, status, code]) => [Number(status), code] as const)
  assert.ok(named.length > 10)
  for (const [status, code = ''] of named) {
    assert.ok(isProblemCode(code), code)
    assert.equal(problemStatus(code), status, code)
  }
})

test('docs/api.md: codes and fields are those of the contract', () => {
  const example = /```json\n(\{[\s\S]*?\n\})\n```/.exec(source('docs/api.md'))?.[1] ?? ''
  assert.ok(Problem.safeParse(JSON.parse(example)).success, example)
  const named = quoted('docs/api.md').filter((text) => /^[a-z]+(_[a-z]+)+$/.test(text))
  const document = JSON.stringify(openApiDocument(allOperations(testEnv())))
  // Codes that OpenAI's clients know, fields that are passed on, and a table.
  const others = [
    ...['invalid_api_key', 'rate_limit_exceeded', 'insufficient_quota', 'model_aliases'],
    ...['tool_calls', 'tool_choice', 'response_format', 'top_p'],
    ...['reasoning_content', 'reasoning_effort'],
  ]
  for (const name of named) {
    const isThere = isProblemCode(name) || document.includes(`"${name}"`) || others.includes(name)
    assert.ok(isThere, name)
  }
})

test('docs/gate.md: variables, zones and files are there', () => {
  const words = quoted('docs/gate.md')
  const folder = ['templates', 'conf.d', 'servers', 'snippets'].flatMap((name) =>
    readdirSync(join(CHECKOUT, 'nginx', name)).map((file) => `nginx/${name}/${file}`),
  )
  const configuration = folder.map(source).join('\n')
  for (const name of words.filter((text) => /^\$?gate_[a-z0-9_]+$/.test(text))) {
    assert.ok(configuration.includes(name), name)
  }
  for (const file of words.filter((text) => /^[a-z.-]+\/[a-z-]+\.conf$/.test(text))) {
    assert.ok(folder.includes(`nginx/${file}`), file)
  }
})
