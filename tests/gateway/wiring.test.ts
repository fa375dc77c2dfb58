import assert from 'node:assert/strict'
import { appendFile, cp, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, afterEach, before, beforeEach, test } from 'node:test'
import { build } from 'esbuild'
import { njsBuildOptions, njsEntryPoints } from '../../njs/build.mjs'
import { readNginxTree } from '../../scripts/check/nginx-tree.ts'
import { formatProblem } from '../../scripts/check/problem.ts'
import { checkWiring } from '../../scripts/check/wiring.ts'
import { CHECKOUT } from '../../scripts/stack/layout.ts'

/** Freshly built bundles, and a copy of nginx's configuration that a test may spoil. */
let bundles = ''
let folder = ''

before(async () => {
  bundles = await mkdtemp(join(tmpdir(), 'chatgate-wiring-'))
  await build({ ...njsBuildOptions, entryPoints: njsEntryPoints, outdir: bundles })
})
after(() => rm(bundles, { recursive: true }))

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'chatgate-wiring-'))
  await cp(bundles, join(folder, 'dist'), { recursive: true })
  for (const name of ['nginx.conf', 'conf.d', 'servers', 'snippets']) {
    await cp(join(CHECKOUT, 'nginx', name), join(folder, name), { recursive: true })
  }
  const rendered = join(folder, 'rendered')
  await cp(join(CHECKOUT, 'nginx/templates'), rendered, { recursive: true })
  // Of all the values only the folder of the bundles matters here.
  for (const name of await readdir(rendered)) {
    const text = await readFile(join(rendered, name), 'utf8')
    await writeFile(join(rendered, name), fillIn(text))
  }
})
afterEach(() => rm(folder, { recursive: true }))

function fillIn(template: string): string {
  return template.replaceAll(`\${NJS_PATH}`, 'dist').replaceAll(/^\s*\$\{\w+\}$/gm, '')
}

async function append(file: string, text: string): Promise<number> {
  const path = join(folder, file)
  const lines = (await readFile(path, 'utf8')).split('\n').length
  await appendFile(path, text)
  return lines
}

async function problems(): Promise<readonly string[]> {
  const tree = readNginxTree(folder, (path) => path)
  assert.deepEqual(tree.problems, [])
  return (await checkWiring(tree.directives, folder)).problems.map(formatProblem).sort()
}

test('every handler that the configuration names exists', async () => {
  assert.deepEqual(await problems(), [])
})

test('a handler that does not exist is named with its file and line', async () => {
  const line = await append(
    'servers/gateway.conf',
    'location /x {\n  js_content gate.missing;\n}\n',
  )
  assert.deepEqual(await problems(), [
    `servers/gateway.conf:${line + 1}: there is no handler gate.missing`,
  ])
})

for (const [what, text, name] of [
  ['js_access', 'js_access gate.nobody;', 'gate.nobody'],
  ['js_set, after its variable', 'js_set $x gate.missing;', 'gate.missing'],
  ['js_periodic, before its interval', 'js_periodic gate.missing interval=1s;', 'gate.missing'],
  ['js_header_filter', 'js_header_filter gate.missing;', 'gate.missing'],
  ['js_body_filter', 'js_body_filter gate.missing;', 'gate.missing'],
  ['a handler of the other bundle', 'js_content bridge.bridge;', 'bridge.bridge'],
  ['a handler without a bundle', 'js_content page;', 'page'],
  ['a block on one line', 'location = /x { js_content gate.missing; }', 'gate.missing'],
  ['a directive over two lines', 'js_content\n  gate.missing;', 'gate.missing'],
]) {
  test(`a wrong name is found in ${what}`, async () => {
    const line = await append('conf.d/variables.conf', `${text}\n`)
    assert.deepEqual(await problems(), [
      `conf.d/variables.conf:${line}: there is no handler ${name}`,
    ])
  })
}

test('a wrong name is found in the bridge, with the one that was meant', async () => {
  const line = await append(
    'rendered/bridge.conf',
    'js_filter bridge.brigde;\njs_preread gate.api;\n',
  )
  assert.deepEqual(await problems(), [
    `rendered/bridge.conf:${line}: there is no handler bridge.brigde; did you mean bridge.bridge?`,
    `rendered/bridge.conf:${line + 1}: there is no handler gate.api`,
  ])
})

test('a handler that decides nothing is no guard', async () => {
  const line = await append('servers/gateway.conf', 'location /x { js_access gate.errorPage; }\n')
  assert.deepEqual(await problems(), [
    `servers/gateway.conf:${line}: gate.errorPage does not decide who may pass, so js_access would let everybody in`,
  ])
})

test('every file is looked at, and all problems come at once', async () => {
  const files = [
    'conf.d/logging.conf',
    'servers/private.conf',
    'snippets/page.conf',
    'rendered/tunables.conf',
  ]
  for (const file of files) await append(file, 'js_set $x gate.missing;\n')
  const found = new Set((await problems()).map((problem) => problem.split(':')[0]))
  assert.deepEqual([...found].sort(), files.sort())
})

test('comments and directives that name no handler are left alone', async () => {
  await append(
    'conf.d/variables.conf',
    '# js_access gate.missing;\njs_var $y gate.missing;\njs_fetch_timeout 1s;\nset $z 1; # js_set $x gate.no;\n',
  )
  assert.deepEqual(await problems(), [])
})

test('a bundle without a default export breaks everything, and every place is named', async () => {
  await writeFile(join(folder, 'dist/gate.js'), 'export const page = () => {}\n')
  const found = await problems()
  assert.ok(found.length > 5, found.join('\n'))
  assert.ok(
    found.every((problem) => / gate\.\w+$/.test(problem)),
    found.join('\n'),
  )
})

test('a bundle that is missing or cannot be loaded is told where it is imported', async () => {
  await rm(join(folder, 'dist/gate.js'))
  await writeFile(join(folder, 'dist/bridge.js'), 'throw new Error("broken")\n')
  const [broken = '', missing = '', ...more] = await problems()
  assert.match(missing, /^rendered\/http\.conf:\d+: there is no gate\.js in /)
  assert.match(broken, /^rendered\/bridge\.conf:\d+: bridge\.js cannot be loaded: .*broken/)
  assert.deepEqual(more, [])
})

test('another engine than QuickJS is told, and so is none', async () => {
  for (const engine of ['js_engine njs;', '']) {
    const path = join(folder, 'rendered/http.conf')
    await writeFile(path, (await readFile(path, 'utf8')).replace(/js_engine \w+;/, engine))
    const found = await problems()
    assert.equal(found.filter((problem) => /need js_engine qjs/.test(problem)).length, 1, engine)
  }
})
