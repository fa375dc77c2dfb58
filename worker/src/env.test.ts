import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readWorkerEnv } from './env.ts'

const KEY = Buffer.alloc(32, 7).toString('base64')
const REQUIRED = {
  GATE_WORKER_SECRET: 'w'.repeat(32),
  GATE_SESSION_SECRET: 's'.repeat(32),
  GATE_TOKEN_SECRET: 't'.repeat(32),
  GATE_ENCRYPTION_KEYS: `k1:${KEY}`,
}

function noFile(path: string): string {
  throw new Error(`no such file: ${path}`)
}

function read(source: Record<string, string>, readFile = noFile) {
  const result = readWorkerEnv({ ...REQUIRED, ...source }, readFile)
  assert.ok('env' in result, JSON.stringify(result))
  return result.env
}

function problems(source: Record<string, string>, readFile = noFile) {
  const result = readWorkerEnv({ ...REQUIRED, ...source }, readFile)
  assert.ok('problems' in result, 'expected problems')
  return result.problems
}

test('everything but the four secrets has a default', () => {
  const env = read({})
  assert.deepEqual(env.listen, { host: '127.0.0.1', port: 3000 })
  assert.deepEqual(env.mysql, {
    host: '127.0.0.1',
    port: 3306,
    user: 'guopengfei_learning',
    password: 'Gpf_learning',
    database: 'nginx_shop',
  })
  assert.deepEqual(env.admin, { username: 'guopengfei_learning', password: 'Gpf_learning' })
  assert.equal(env.sessionIdleMs, 7 * 86_400_000)
  assert.equal(env.sessionAbsoluteMs, 30 * 86_400_000)
  assert.equal(env.timezone, 'Asia/Shanghai')
  assert.equal(env.deepseekApiKey, undefined)
  assert.equal(env.standinUrl, undefined)
})

test('all problems are listed at once and name their variable', () => {
  const result = readWorkerEnv(
    { WORKER_LISTEN: 'nowhere', MYSQL_PORT: '70000', APP_TIMEZONE: 'Mars/Olympus' },
    noFile,
  )
  assert.ok('problems' in result)
  assert.deepEqual(
    result.problems.map((line) => line.split(' ')[0]),
    [
      'WORKER_LISTEN',
      'MYSQL_PORT',
      'GATE_WORKER_SECRET',
      'GATE_SESSION_SECRET',
      'GATE_TOKEN_SECRET',
      'GATE_ENCRYPTION_KEYS',
      'APP_TIMEZONE',
    ],
  )
})

test('no message holds the value of a secret', () => {
  const [line = ''] = problems({ GATE_WORKER_SECRET: 'hunter2' })
  assert.match(line, /^GATE_WORKER_SECRET must be/)
  assert.doesNotMatch(line, /hunter2/)
})

test('a value may come from a file, without its last line break', () => {
  const env = read({ MYSQL_PASSWORD_FILE: '/run/secrets/mysql' }, (path) => {
    assert.equal(path, '/run/secrets/mysql')
    return 'from a file \n'
  })
  assert.equal(env.mysql.password, 'from a file ')
})

test('a name and its file together are a problem, and so is an unreadable file', () => {
  assert.deepEqual(problems({ MYSQL_PASSWORD: 'a', MYSQL_PASSWORD_FILE: '/b' }), [
    'MYSQL_PASSWORD and MYSQL_PASSWORD_FILE are both set; keep one',
  ])
  assert.deepEqual(problems({ DEEPSEEK_API_KEY_FILE: '/none' }), [
    'DEEPSEEK_API_KEY_FILE: cannot read /none',
  ])
})

test('an empty variable counts as not given, as Compose passes unset ones', () => {
  assert.equal(read({ DEEPSEEK_API_KEY: '', MYSQL_DB: '', LOG_LEVEL_FILE: '' }).logLevel, 'info')
})

test('the worker listens on a socket path, a host or an IPv6 address', () => {
  assert.deepEqual(read({ WORKER_LISTEN: '/run/w.sock' }).listen, { path: '/run/w.sock' })
  assert.deepEqual(read({ WORKER_LISTEN: '0.0.0.0:80' }).listen, { host: '0.0.0.0', port: 80 })
  assert.deepEqual(read({ WORKER_LISTEN: '[::1]:80' }).listen, { host: '::1', port: 80 })
})

test('the first of two secrets signs; each must be long enough', () => {
  const [first, second] = ['a'.repeat(32), 'b'.repeat(40)]
  assert.equal(read({ GATE_SESSION_SECRET: `${first}, ${second}` }).sessionSecret, first)
  assert.equal(read({ GATE_TOKEN_SECRET: `${first}, ${second}` }).tokenSecret, first)
  for (const name of ['GATE_SESSION_SECRET', 'GATE_TOKEN_SECRET']) {
    assert.equal(problems({ [name]: `${first},short` }).length, 1)
    assert.equal(problems({ [name]: `${first},${first},${first}` }).length, 1)
  }
})

test('an encryption key is 32 bytes under a unique id, and the first encrypts', () => {
  const ring = read({ GATE_ENCRYPTION_KEYS: `new:${KEY},old:${KEY}` }).encryptionKeys
  assert.equal(ring.currentId, 'new')
  assert.deepEqual([...ring.keys.keys()], ['new', 'old'])
  const short = Buffer.alloc(16).toString('base64')
  for (const bad of [KEY, `k:${short}`, `k:${KEY},k:${KEY}`, `k:${KEY},`, 'k:***']) {
    assert.equal(problems({ GATE_ENCRYPTION_KEYS: bad }).length, 1, bad)
  }
})

test('a Redis URL that cannot be read is a problem of its own', () => {
  const url = 'unix://:secret@/run/r.sock?db=1'
  assert.equal(read({ REDIS_URL: url }).redisUrl, url)
  assert.equal(problems({ REDIS_URL: 'http://cache' }).length, 1)
})

test('a session cookie keeps the __Host- prefix', () => {
  assert.equal(read({ GATE_COOKIE: '__Host-sid-9443' }).cookieName, '__Host-sid-9443')
  assert.equal(problems({ GATE_COOKIE: 'sid' }).length, 1)
  assert.equal(problems({ GATE_COOKIE: '__Host-a;b' }).length, 1)
})

test('limits have the units that operators write', () => {
  assert.deepEqual(read({}).limits, {
    firstPayloadMs: 630_000,
    payloadIdleMs: 120_000,
    answerMs: 900_000,
    answerBytes: 8 * 1024 * 1024,
    messageCharacters: 32_000,
    bodyBytes: 256 * 1024,
    graceMs: 10_000,
  })
  const limits = read({ WORKER_PAYLOAD_IDLE: '500ms', WORKER_ANSWER_BYTES: '64k' }).limits
  assert.deepEqual([limits.payloadIdleMs, limits.answerBytes], [500, 65_536])
})

test('a limit is neither nothing nor more than can be kept', () => {
  for (const source of [
    { WORKER_FIRST_PAYLOAD: '0s' },
    { WORKER_PAYLOAD_IDLE: '25h' },
    { WORKER_ANSWER_TIME: '15' },
    { WORKER_ANSWER_BYTES: '9m' },
    { WORKER_MESSAGE_CHARACTERS: '0' },
    { WORKER_BODY_BYTES: '1g' },
    { WORKER_GRACE: '11m' },
  ]) {
    assert.equal(problems(source).length, 1, JSON.stringify(source))
  }
})

test('the longest message fits into the largest body, whatever its characters', () => {
  assert.match(
    problems({ WORKER_MESSAGE_CHARACTERS: '100000' })[0] ?? '',
    /^WORKER_BODY_BYTES must be at least 590k/,
  )
  read({ WORKER_MESSAGE_CHARACTERS: '100000', WORKER_BODY_BYTES: '590k' })
})
