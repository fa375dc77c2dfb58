import assert from 'node:assert/strict'
import { appendFile, cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, afterEach, before, beforeEach, test } from 'node:test'
import { build } from 'esbuild'
import { njsBuildOptions, njsEntryPoints } from '../../njs/build.mjs'
import { checkWiring } from '../../scripts/check/wiring.ts'
import { CHECKOUT } from '../../scripts/stack/layout.ts'

/** Freshly built bundles, and a copy of nginx's configuration that a test may spoil. */
let bundles = ''
let checkout = ''

before(async () => {
  bundles = await mkdtemp(join(tmpdir(), 'chatgate-wiring-'))
  await build({ ...njsBuildOptions, entryPoints: njsEntryPoints, outdir: bundles })
})
after(() => rm(bundles, { recursive: true }))

beforeEach(async () => {
  checkout = await mkdtemp(join(tmpdir(), 'chatgate-wiring-'))
  await cp(bundles, join(checkout, 'njs/dist'), { recursive: true })
  for (const name of ['nginx.conf', 'conf.d', 'servers', 'snippets', 'templates']) {
    await cp(join(CHECKOUT, 'nginx', name), join(checkout, 'nginx', name), { recursive: true })
  }
})
afterEach(() => rm(checkout, { recursive: true }))

async function append(file: string, text: string): Promise<number> {
  const path = join(checkout, 'nginx', file)
  const lines = (await readFile(path, 'utf8')).split('\n').length
  await appendFile(path, text)
  return lines
}

test('every handler that the configuration names exists', async () => {
  assert.deepEqual(await checkWiring(checkout), [])
})

test('a handler that does not exist is named with its file and line', async () => {
  const line = await append(
    'servers/gateway.conf',
    'location /x {\n  js_content gate.missing;\n}\n',
  )
  assert.deepEqual(await checkWiring(checkout), [
    `nginx/servers/gateway.conf:${line + 1}: there is no handler gate.missing`,
  ])
})

for (const [what, text, name] of [
  ['js_access', 'js_access gate.pages;', 'gate.pages'],
  ['js_set, after its variable', 'js_set $x gate.missing;', 'gate.missing'],
  ['js_periodic, before its interval', 'js_periodic gate.missing interval=1s;', 'gate.missing'],
  ['js_header_filter', 'js_header_filter gate.missing;', 'gate.missing'],
  ['js_filter of the bridge', 'js_filter bridge.missing;', 'bridge.missing'],
  ['a handler of the other bundle', 'js_content bridge.page;', 'bridge.page'],
  ['a handler without a bundle', 'js_content page;', 'page'],
  ['a block on one line', 'location = /x { js_content gate.missing; }', 'gate.missing'],
]) {
  test(`a wrong name is found in ${what}`, async () => {
    const line = await append('conf.d/variables.conf', `${text}\n`)
    assert.deepEqual(await checkWiring(checkout), [
      `nginx/conf.d/variables.conf:${line}: there is no handler ${name}`,
    ])
  })
}

test('every kind of file is looked at, and all problems come at once', async () => {
  const files = [
    'nginx.conf',
    'conf.d/logging.conf',
    'servers/private.conf',
    'snippets/page.conf',
    'templates/tunables.conf',
  ]
  for (const file of files) await append(file, 'js_set $x gate.missing;\n')
  const problems = await checkWiring(checkout)
  assert.deepEqual(
    problems.map((problem) => problem.split(':')[0]).sort(),
    files.map((file) => `nginx/${file}`).sort(),
  )
})

test('comments and directives that name no handler are left alone', async () => {
  await append(
    'conf.d/variables.conf',
    '# js_access gate.missing;\njs_var $y gate.missing;\njs_fetch_timeout 1s;\nset $z 1; # js_set $x gate.no;\n',
  )
  assert.deepEqual(await checkWiring(checkout), [])
})

test('a bundle without a default export breaks everything, and every place is named', async () => {
  await writeFile(join(checkout, 'njs/dist/gate.js'), 'export const page = () => {}\n')
  const problems = await checkWiring(checkout)
  assert.ok(problems.length > 5, problems.join('\n'))
  assert.ok(
    problems.every((problem) => / gate\.\w+$/.test(problem)),
    problems.join('\n'),
  )
})
