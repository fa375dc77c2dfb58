import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import { CHECKOUT } from '../../scripts/stack/layout.ts'

interface Report {
  readonly diagnostics: readonly {
    readonly category: string
    readonly severity: string
    readonly location: { readonly path: string }
  }[]
}

/** Returns those of the imports that our linter refuses in a file of the folder. */
async function refused(folder: string, imports: readonly string[]): Promise<readonly string[]> {
  const checkout = await mkdtemp(join(tmpdir(), 'chatgate-walls-'))
  await cp(join(CHECKOUT, 'biome.json'), join(checkout, 'biome.json'))
  const files = new Map(imports.map((from, index) => [`${folder}/import-${index}.ts`, from]))
  for (const [path, from] of files) {
    await mkdir(dirname(join(checkout, path)), { recursive: true })
    const text = `import { thing } from '${from}'\n\nexport const other = thing\n`
    await writeFile(join(checkout, path), text)
  }
  const { stdout } = spawnSync(
    join(CHECKOUT, 'node_modules/.bin/biome'),
    ['lint', '--vcs-enabled=false', '--reporter=json', '--max-diagnostics=none', '.'],
    { cwd: checkout, encoding: 'utf8' },
  )
  await rm(checkout, { recursive: true })
  const { diagnostics }: Report = JSON.parse(stdout)
  return diagnostics
    .filter(({ category }) => category === 'lint/style/noRestrictedImports')
    .filter(({ severity }) => severity === 'error')
    .map(({ location }) => files.get(location.path) ?? location.path)
}

const FORBIDDEN: readonly [string, readonly string[]][] = [
  [
    'njs/src/contract',
    [
      '../domain/decision.ts',
      '../nginx/redis.ts',
      'crypto',
      'node:crypto',
      'zod',
      '#contract/api.ts',
    ],
  ],
  [
    'njs/src/domain',
    ['../nginx/redis.ts', '../handlers/log.ts', 'crypto', 'fs', '../../../worker/src/app.ts'],
  ],
  ['njs/src/nginx', ['../handlers/log.ts', '../gate.ts', 'fs', 'zod']],
  ['njs/src/handlers', ['../gate.ts', 'crypto', '../../../worker/src/app.ts']],
  [
    'worker/src/routes',
    [
      '../../../njs/src/domain/cookie.ts',
      '../../../scripts/sql.ts',
      '../../../tests/support/sql.ts',
    ],
  ],
  ['nginx/pages/src', ['../../../njs/src/contract/api.ts', '../../../scripts/sql.ts']],
  ['tests/standin', ['#contract/api.ts', '../../worker/src/app.ts', '../../njs/src/gate.ts']],
]

const ALLOWED: readonly [string, readonly string[]][] = [
  ['njs/src/contract', ['./api.ts']],
  ['njs/src/domain', ['../contract/api.ts', './cookie.ts']],
  ['njs/src/nginx', ['../domain/cookie.ts', '../contract/api.ts', './redis.ts', 'crypto']],
  ['njs/src/handlers', ['../nginx/guard.ts', '../domain/cookie.ts', '../contract/api.ts']],
  ['worker/src/routes', ['#contract/api.ts', '../app.ts', 'node:fs', 'hono']],
  ['nginx/pages/src', ['#contract/api.ts', './words/en.ts', 'preact']],
  ['tests/standin', ['./server.ts', 'node:http']],
]

for (const [folder, imports] of FORBIDDEN) {
  test(`${folder} may not reach over its wall`, async () => {
    assert.deepEqual([...(await refused(folder, imports))].sort(), [...imports].sort())
  })
}

for (const [folder, imports] of ALLOWED) {
  test(`${folder} may import what lies below it`, async () => {
    assert.deepEqual(await refused(folder, imports), [])
  })
}
