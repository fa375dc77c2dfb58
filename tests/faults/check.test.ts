/** npm run check on a checkout with mistakes of every kind: all are told at once, with file and line. */

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { appendFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { cp, mkdtemp, rm, symlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, test } from 'node:test'
import { CHECKOUT } from '../../scripts/stack/layout.ts'
import { testEnvironment } from '../support/own-stack.ts'

/** All that the command reads. */
const NEEDED = [
  ...['package.json', '.env.example', 'tsconfig.base.json', 'tsconfig.json'],
  ...['njs', 'scripts', 'worker/src'],
  ...['nginx.conf', 'render.sh', 'entrypoint.sh', 'pages'].map((name) => `nginx/${name}`),
  ...['conf.d', 'servers', 'snippets', 'templates'].map((name) => `nginx/${name}`),
]

let checkout = ''
let env: Readonly<Record<string, string>> = {}

beforeEach(async () => {
  checkout = await mkdtemp(join(tmpdir(), 'chatgate-check-'))
  for (const name of NEEDED) {
    await cp(join(CHECKOUT, name), join(checkout, name), { recursive: true })
  }
  await symlink(join(CHECKOUT, 'node_modules'), join(checkout, 'node_modules'))
  env = await testEnvironment(join(checkout, 'data'))
})
afterEach(() => rm(checkout, { recursive: true }))

/** Runs a script of the copy. */
function run(script: string, args: readonly string[] = [], more = {}) {
  const command = ['--import', 'tsx', join(checkout, script), ...args]
  const options = { cwd: checkout, env: { ...env, ...more }, encoding: 'utf8' } as const
  const { status, stdout, stderr } = spawnSync(process.execPath, command, options)
  return { status, stdout, lines: stderr.split('\n').filter((line) => line !== '') }
}

const check = (args: readonly string[] = [], more = {}) => run('scripts/check.ts', args, more)

/** Adds a line to a file and returns its number. */
function append(file: string, text: string): number {
  const path = join(checkout, file)
  mkdirSync(dirname(path), { recursive: true })
  const lines = existsSync(path) ? readFileSync(path, 'utf8').split('\n').length : 1
  appendFileSync(path, `${text}\n`)
  return lines
}

/** Replaces the first match and returns its line. */
function spoil(file: string, what: string, by: string): number {
  const path = join(checkout, file)
  const text = readFileSync(path, 'utf8')
  assert.ok(text.includes(what), `${file} has no ${what}`)
  writeFileSync(
    path,
    text.replace(what, () => by),
  )
  return text.slice(0, text.indexOf(what)).split('\n').length
}

/** Adds locations to the public server; returns the line of the first one. */
function addLocations(...locations: readonly string[]): number {
  const last = '    location / {'
  return spoil('nginx/servers/gateway.conf', last, `${locations.join('\n')}\n${last}`)
}

const SNIPPET = 'include snippets/proxy-worker.conf;'

test('the checkout as it is has no problems, and what was looked at is told', () => {
  const { status, stdout, lines } = check()
  assert.deepEqual(lines, [])
  assert.equal(status, 0)
  assert.match(
    stdout,
    /^Everything is in order: \d\d settings, \d+ guarded locations, \d+ policies, \d+ handlers; nginx 1\.\d+\.\d+, njs 1\.\d+\.\d+\.\n$/,
  )
  const { problems, checked } = JSON.parse(check(['--json']).stdout)
  assert.deepEqual(problems, [])
  assert.ok(checked.guardedLocations > 5)
})

test('mistakes of every kind are told in one run', () => {
  const gateway = 'nginx/servers/gateway.conf'
  const tunables = 'nginx/templates/tunables.conf'
  append('.env', '# settings')
  const flood = append('.env', 'GATE_FLOOD=fast')
  const caht = append('.env', `GATE_LIMIT_CAHT='"chat";q=5;w=60'`)
  append('ssl/chat.example/fullchain.crt', 'no certificate')
  const policy = spoil(tunables, '"login";q=10;w=60', '"login";q=10 w=60')
  const deadline = spoil(tunables, '$gate_deadline "1500ms"', '$gate_deadline "1 second"')
  const value = append('nginx/templates/process.conf', `worker_rlimit_nofile \${NOWHERE};`)
  const zone = append(tunables, 'limit_req_zone $binary_remote_addr;')
  const gzip = append('nginx/conf.d/compression.conf', 'gzipp on;')
  const tokens = append('nginx/conf.d/connections.conf', 'server_tokens off;')
  const key = append('nginx/conf.d/tls.conf', 'server { ssl_certificate /none.crt; }')
  const first = addLocations(
    `location /api/open/ { ${SNIPPET} proxy_pass http://worker; }`,
    'location = /early { js_access gate.page; return 200 early; }',
    'location = /missing { js_content gate.missing; }',
    'location = /log { js_access gate.errorPage; }',
    'location = /limit { js_access gate.api; set $gate_limt $gate_limit_chat; }',
    'location = /boss { js_access gate.page; set $gate_role amdin; }',
    'location = /who { js_access gate.api; set $gate_limit $gate_limit_chat; set $gate_subject "user,ip"; }',
    'location = /own { js_access gate.api; set $gate_limit "$arg_limit"; }',
    'location = /headers { js_access gate.api; proxy_set_header X-Own 1; proxy_pass http://worker; }',
    'location = /lang { js_access gate.page; add_header X-Lang $gate_lagn; }',
  )
  const { status, stdout, lines } = check([], { MYSQL_PORT: 'many' })
  const expected = [
    `.env:${flood}: GATE_FLOOD must be like 100r/s burst=400, or off, not "fast"`,
    `.env:${caht}: there is no setting GATE_LIMIT_CAHT; did you mean GATE_LIMIT_CHAT?`,
    'environment: MYSQL_PORT must be a port number, not "many"',
    `nginx/conf.d/compression.conf:${gzip}: unknown directive "gzipp"`,
    `nginx/conf.d/connections.conf:${tokens}: "server_tokens" directive is duplicate`,
    `nginx/conf.d/tls.conf:${key}: /none.crt cannot be read (ENOENT)`,
    `${gateway}:${first}: location /api/open/ has no js_access of its own: everybody may pass`,
    `${gateway}:${first + 1}: return answers before js_access of location = /early is asked`,
    `${gateway}:${first + 2}: there is no handler gate.missing`,
    `${gateway}:${first + 3}: gate.errorPage does not decide who may pass, so js_access would let everybody in`,
    `${gateway}:${first + 4}: nothing reads $gate_limt; did you mean $gate_limit?`,
    `${gateway}:${first + 5}: $gate_role must be empty or admin: "amdin"`,
    `${gateway}:${first + 6}: location = /who: 2 subjects for 1 policies; give one for all, or one for each`,
    `${gateway}:${first + 7}: $gate_limit depends on $arg_limit, which nobody knows before a request comes`,
    `${gateway}:${first + 8}: location = /headers leads to the worker and does not set `,
    `${gateway}:${first + 9}: there is no variable $gate_lagn; did you mean $gate_lang?`,
    `nginx/templates/process.conf:${value}: \${NOWHERE} has no value`,
    `${tunables}:${policy}: $gate_limit does not parse: not a policy like "chat";q=5;w=60: "login";q=10 w=60`,
    `${tunables}:${deadline}: $gate_deadline must be a duration like 500ms, 30s, 15m or 7d: "1 second"`,
    `${tunables}:${zone}: invalid number of arguments in "limit_req_zone" directive`,
    'ssl/chat.example: needs both fullchain.crt and private.key; one is missing.',
  ]
  const told = lines.map((line) => expected.find((start) => line.startsWith(start)) ?? line)
  assert.deepEqual(told, expected)
  assert.equal(status, 1)
  assert.equal(stdout, `${expected.length} problems.\n`)

  const json = JSON.parse(check(['--json'], { MYSQL_PORT: 'many' }).stdout)
  assert.equal(json.problems.length, expected.length)
  assert.deepEqual(Object.keys(json.problems[0]), ['file', 'line', 'message'])
})

test('a file that cannot be read hides neither settings nor guards, and nothing is guessed', () => {
  append('.env', 'GATE_FLOOD=fast')
  const path = join(checkout, 'nginx/templates/tunables.conf')
  writeFileSync(path, `${readFileSync(path, 'utf8')}map "" $gate_x {\n`)
  const end = readFileSync(path, 'utf8').split('\n').length
  const open = addLocations('location /v1/open/ { root /srv; }')
  const { lines } = check()
  assert.deepEqual(lines, [
    '.env:1: GATE_FLOOD must be like 100r/s burst=400, or off, not "fast"',
    `nginx/servers/gateway.conf:${open}: location /v1/open/ has no js_access of its own: everybody may pass`,
    `nginx/templates/tunables.conf:${end}: unexpected end of file, expecting "}"`,
  ])
})

test('secrets are judged, and never shown', () => {
  const secret = 'short-and-secret'
  const { lines } = check([], {
    GATE_SESSION_SECRET: secret,
    GATE_WORKER_SECRET: `${secret} `.repeat(3),
  })
  assert.equal(lines.length, 2)
  assert.match(lines[0] ?? '', /^environment: GATE_SESSION_SECRET must be .* 32 characters/)
  assert.match(lines[1] ?? '', /^environment: Secrets in GATE_WORKER_SECRET must not hold spaces/)
  assert.doesNotMatch(lines.join('\n'), /short-and-secret/)
})

test('a script that does not compile is told with its line, beside the rest', () => {
  const line = append('njs/src/gate.ts', 'export const = 1')
  const open = addLocations('location /v1/open/ { root /srv; }')
  const { lines } = check()
  const places = lines.map((text) => text.split(': ', 1)[0])
  assert.ok(places.includes(`njs/src/gate.ts:${line}`), lines.join('\n'))
  assert.ok(places.includes(`nginx/servers/gateway.conf:${open}`), lines.join('\n'))
})

test('--help says what it does; an option that there is not is refused', () => {
  const { status, stdout } = check(['--help'])
  assert.equal(status, 0)
  assert.match(stdout, /npm run check \[-- --json\]/)
  assert.equal(check(['--jsn']).status, 2)
})

test('what a start or a reload puts in place has passed the same checks', () => {
  const script = `
import { makePlan } from './stack/plan.ts'
import { renderNginx } from './stack/nginx-configuration.ts'
import { nginxParts, openRoot } from './stack/start-stack.ts'
const plan = await makePlan(process.env)
const parts = await nginxParts(plan)
await renderNginx(await openRoot(plan, () => undefined), parts).catch((error) => {
  console.error(error.message)
  process.exitCode = 1
})
`
  writeFileSync(join(checkout, 'scripts/render.ts'), script)
  const path = join(checkout, 'data/nginx/conf/rendered/tunables.conf')
  check()
  assert.equal(run('scripts/render.ts').status, 0)
  const good = readFileSync(path, 'utf8')

  spoil('nginx/templates/tunables.conf', '"login";q=10', '"login";q=11')
  const open = addLocations('location /v1/open/ { root /srv; }')
  const { status, lines } = run('scripts/render.ts')
  assert.equal(status, 1)
  assert.deepEqual(lines, [
    "nginx's configuration is not in order:",
    `nginx/servers/gateway.conf:${open}: location /v1/open/ has no js_access of its own: everybody may pass`,
  ])
  assert.equal(readFileSync(path, 'utf8'), good)
})
