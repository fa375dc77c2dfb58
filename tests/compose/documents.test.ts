/** The operator's documents name files, settings and services that are there. */

import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import { CHECKOUT } from '../../scripts/stack/layout.ts'
import { readComposeFile, source } from './compose-file.ts'

const DOCUMENTS = ['docs/operations.md', 'nginx/README.md', 'mysql/README.md', 'ssl/README.md']

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
    for (const [, name = ''] of source(document).matchAll(/npm run ([a-z]+)/g)) {
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
