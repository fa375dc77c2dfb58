import assert from 'node:assert/strict'
import {
  existsSync,
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
import { afterEach, beforeEach, test } from 'node:test'
import { generate } from 'selfsigned'
import { CHECKOUT } from '../stack/layout.ts'
import { StartFailure } from '../stack/start-failure.ts'
import type { Accounts, Folders } from './folders.ts'
import { initialise } from './initialise.ts'

const ME = process.getuid?.() ?? 0
const ACCOUNTS: Accounts = { nginx: ME, worker: ME, mysql: ME, redis: ME }
/** What Compose mounts where the operator gave no file. */
const NO_SECRET = join(CHECKOUT, 'scripts/container/no-secret')

let base = ''
let folders: Folders

beforeEach(() => {
  base = mkdtempSync(join(tmpdir(), 'chatgate-init-'))
  const at = (name: string) => join(base, name)
  folders = {
    init: at('init'),
    nginx: at('nginx'),
    nginxState: at('nginx-state'),
    worker: at('worker'),
    workerSpool: at('worker-spool'),
    mysql: at('mysql'),
    redis: at('redis'),
    ssl: at('ssl'),
  }
})

afterEach(() => rmSync(base, { recursive: true }))

function read(folder: string, name: string): string {
  return readFileSync(join(folder, name), 'utf8')
}

/** Everything in a folder, as one text. */
function everything(folder: string): string {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((name) => join(folder, name))
    .filter((path) => statSync(path).isFile())
    .map((path) => readFileSync(path, 'utf8'))
    .join('\n')
}

function run(environment: Readonly<Record<string, string>> = {}) {
  return initialise(environment, folders, ACCOUNTS)
}

test('with no settings at all everything is made, and what is missing is said', async () => {
  const remarks = await run()
  assert.equal(remarks.length, 2)
  assert.match(remarks.join('\n'), /self-signed/)
  assert.match(remarks.join('\n'), /no_upstream_key/)
  assert.equal(read(folders.worker, 'mysql_password'), 'Gpf_learning')
  assert.match(read(folders.worker, 'gate_session_secret'), /^[\w-]{43}$/)
  assert.equal(read(folders.worker, 'deepseek_api_key'), '')
  assert.ok(existsSync(folders.nginxState))
})

test('files are for their service alone', async () => {
  await run()
  const { nginx, worker, workerSpool, mysql, redis } = folders
  for (const folder of [nginx, worker, workerSpool, mysql, redis]) {
    assert.equal(statSync(folder).mode & 0o777, 0o700, folder)
    for (const name of readdirSync(folder, { recursive: true, encoding: 'utf8' })) {
      const { mode } = statSync(join(folder, name))
      assert.equal(mode & 0o077, 0, name)
    }
  }
})

test('a second run keeps the secrets and the certificate', async () => {
  await run()
  const before = [folders.init, folders.nginx, folders.worker, folders.mysql].map(everything)
  await run()
  const after = [folders.init, folders.nginx, folders.worker, folders.mysql].map(everything)
  assert.deepEqual(after, before)
})

test('gate and worker share what they must', async () => {
  await run({ CHATGATE_HTTPS_PORT: '9443' })
  const values = read(folders.nginx, 'values.env')
  for (const [setting, file] of [
    ['GATE_SESSION_SECRET', 'gate_session_secret'],
    ['GATE_TOKEN_SECRET', 'gate_token_secret'],
    ['GATE_WORKER_SECRET', 'gate_worker_secret'],
    ['GATE_COOKIE', 'gate_cookie'],
  ] as const) {
    assert.ok(values.includes(`${setting}=${read(folders.worker, file)}\n`), setting)
  }
  assert.equal(read(folders.worker, 'gate_cookie'), '__Host-sid-9443')
})

test('Redis has the password that gate and worker use', async () => {
  await run()
  const password = read(folders.redis, 'password')
  assert.equal(read(folders.redis, 'redis.conf'), `requirepass ${password}\n`)
  assert.equal(read(folders.worker, 'redis_url'), `redis://:${password}@redis:6379/0`)
  assert.ok(read(folders.nginx, 'values.env').includes(`REDIS_PASSWORD=${password}\n`))
})

test('encryption keys and database passwords never reach nginx', async () => {
  await run({ DEEPSEEK_API_KEY: 'sk-upstream', ADMIN_PASSWORD: 'admin-password' })
  const nginx = everything(folders.nginx)
  for (const name of [
    'gate_encryption_keys',
    'mysql_password',
    'deepseek_api_key',
    'admin_password',
  ]) {
    const secret = read(folders.worker, name)
    assert.notEqual(secret, '')
    assert.ok(!nginx.includes(secret), name)
  }
  assert.ok(!nginx.includes(read(folders.mysql, 'root_password')))
})

test("the operator's secrets win, from the environment and from files", async () => {
  const secret = 'of-the-operator-'.repeat(3)
  const file = join(base, 'password')
  writeFileSync(file, 'from-a-file\n')
  await run({
    GATE_WORKER_SECRET: secret,
    GATE_WORKER_SECRET_FILE: NO_SECRET,
    MYSQL_PASSWORD: '',
    MYSQL_PASSWORD_FILE: file,
  })
  assert.equal(read(folders.worker, 'gate_worker_secret'), secret)
  assert.equal(read(folders.worker, 'mysql_password'), 'from-a-file')
  assert.match(read(folders.mysql, 'worker.cnf'), /^password="from-a-file"$/m)
})

test('a secret given twice is refused, and a file that is not there', async () => {
  const file = join(base, 'password')
  writeFileSync(file, 'from-a-file\n')
  await assert.rejects(
    run({
      MYSQL_PASSWORD: 'plain',
      MYSQL_PASSWORD_FILE: file,
      ADMIN_PASSWORD_FILE: join(base, 'nowhere'),
    }),
    (error) =>
      error instanceof StartFailure &&
      /MYSQL_PASSWORD and MYSQL_PASSWORD_FILE are both set/.test(error.message) &&
      /ADMIN_PASSWORD_FILE: cannot read/.test(error.message),
  )
})

test('all problems are told at once, and no service gets anything', async () => {
  await assert.rejects(
    run({ GATE_LIMIT_CHAT: 'five', MYSQL_PORT: 'many', GATE_FLOOD: '?' }),
    (error) =>
      error instanceof StartFailure &&
      ['GATE_LIMIT_CHAT', 'MYSQL_PORT', 'GATE_FLOOD'].every((name) => error.message.includes(name)),
  )
  for (const folder of [folders.nginx, folders.worker, folders.mysql, folders.redis]) {
    assert.ok(!existsSync(folder), folder)
  }
})

test("the operator's certificate is handed on, renewed ones too, and HSTS goes with it", async () => {
  const own = join(folders.ssl, 'chat.example')
  mkdirSync(own, { recursive: true })
  const authority = await generate([{ name: 'commonName', value: 'Test CA' }])
  const ca = { key: authority.private, cert: authority.cert }
  for (const round of ['first', 'second']) {
    const pair = await generate([{ name: 'commonName', value: `chat.example ${round}` }], { ca })
    writeFileSync(join(own, 'fullchain.crt'), pair.cert)
    writeFileSync(join(own, 'private.key'), pair.private)
    await run({ CHATGATE_DOMAIN: 'chat.example', DEEPSEEK_API_KEY: 'sk-upstream' })
    assert.equal(read(folders.nginx, 'tls/fullchain.crt'), pair.cert)
    assert.equal(read(folders.nginx, 'tls/private.key'), pair.private)
  }
  assert.match(read(folders.nginx, 'values.env'), /^HSTS_HOSTS=chat\.example "max-age=/m)
})
