import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { PROXY_LOG_DEAD } from '#contract/redis-keys.ts'
import type { Plan } from '../../scripts/stack/plan.ts'
import { makeAccount } from '../support/accounts.ts'
import { Client } from '../support/client.ts'
import { awaitLog, drainLogs } from '../support/proxy-log.ts'
import { rawExchange } from '../support/raw.ts'
import { withRedis } from '../support/redis.ts'
import { sessionOf } from '../support/session.ts'
import { sqlRows } from '../support/sql.ts'
import { useStack } from '../support/test-stack.ts'

const { stackTest } = useStack()

function logText(plan: Plan, name: string): Promise<string> {
  return readFile(join(plan.layout.logs, `${name}.log`), 'utf8')
}

/** The request id in an answer that was read as bytes. */
function idOf(answer: string): string {
  return /^X-Request-Id: ([0-9a-f]{32})\r?$/m.exec(answer)?.[1] ?? ''
}

async function deadRecords(plan: Plan): Promise<number> {
  return withRedis(plan, (redis) => redis.xlen(PROXY_LOG_DEAD))
}

stackTest('no query, password, cookie, key or message reaches any log', async ({ plan }) => {
  const account = await makeAccount(plan, 'admin')
  const client = new Client(plan)
  await client.signIn(account.username, account.password)
  const session = sessionOf(plan, client)
  const secrets: readonly string[] = [
    'query-secret-1b7',
    'message-secret-5c2',
    'answer-secret-88d',
    'sk-key-secret-4ad9',
    'header-secret-03e',
    account.password,
    session.token,
    session.mac,
    plan.gate.workerSecret,
    ...plan.gate.sessionSecrets.split(','),
  ]
  const [query, message, answer, key = '', header = ''] = secrets
  const headers = { Authorization: `Bearer ${header}`, Referer: `https://localhost/?${query}` }
  await client.send(`/chat?token=${query}`, { headers })
  await client.send(`/api/me?token=${query}`, { headers })
  await client.send(`/nothing?token=${query}`, { headers })
  await client.send('/api/chat', {
    body: { message: `${message}\nstandin: text="${answer}" delay=0`, stream: false },
    headers,
  })
  // Wrong on purpose, so that the stack's real key stays the stand-in's.
  await client.send('/admin/api_key', { body: { api_key: key, alias: 'not an alias' }, headers })
  await client.signIn(account.username, `${account.password}-wrong`)
  await drainLogs(plan)

  const rows = JSON.stringify(
    await sqlRows(plan, 'SELECT * FROM proxy_logs WHERE user_id = ?', [account.id]),
  )
  assert.match(rows, /\/api\/chat/)
  const access = await logText(plan, 'access')
  assert.match(access, /"path":"\/api\/chat"/)
  for (const text of [rows, access, await logText(plan, 'worker'), await logText(plan, 'nginx')]) {
    for (const secret of secrets) assert.ok(!text.includes(secret), `${secret} in a log`)
  }
})

stackTest('what nginx cannot parse is logged without method and path', async ({ plan }) => {
  for (const bytes of [
    'NONSENSE\r\n\r\n',
    'get / HTTP/1.1\r\n\r\n',
    'GET  HTTP/1.1\r\n\r\n',
    Buffer.from('\x16\x03\x01\x00\xee \xff\r\n\r\n', 'latin1'),
  ]) {
    const answer = await rawExchange(plan, bytes)
    assert.match(answer, /^HTTP\/1\.1 400 /)
    const row = await awaitLog(plan, idOf(answer))
    const { status, method, path, user_id, upstream_status } = row
    assert.deepEqual(
      { status, method, path, user_id, upstream_status },
      { status: 400, method: '', path: '', user_id: null, upstream_status: null },
    )
  }
})

/** Texts that would break out of a log line, a query or a page if anybody pasted them together. */
const HOSTILE = [
  `"},{"v":1,"id":"${'f'.repeat(32)}"}`,
  "'); DROP TABLE proxy_logs; --",
  '\\" \\n \\u0000 %00%0d%0a{"status":200}',
  '<script>alert(1)</script>',
  'a\tb $request_id $(id) `id`',
  '登录 🙂 \u202e',
]

stackTest('hostile paths and user agents are logged as what they are', async ({ plan }) => {
  const dead = await deadRecords(plan)
  for (const text of HOSTILE) {
    const path = `/${encodeURIComponent(text)}`
    const agent = Buffer.from(text, 'utf8').toString('latin1')
    const answer = await rawExchange(
      plan,
      Buffer.from(
        `GET ${path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nUser-Agent: ${agent}\r\n\r\n`,
        'latin1',
      ),
    )
    const row = await awaitLog(plan, idOf(answer))
    assert.equal(row.path, path)
    assert.equal(row.user_agent, text)
  }
  // Each line of the access log is one record, also where several lines were attempted.
  for (const line of (await logText(plan, 'access')).trimEnd().split('\n')) {
    const record = JSON.parse(line)
    assert.match(record.id, /^[0-9a-f]{32}$/)
    assert.notEqual(record.id, 'f'.repeat(32))
  }
  assert.equal(await deadRecords(plan), dead)
})

stackTest(
  'bytes that are no UTF-8 and fields of any length do not stop the log',
  async ({ plan }) => {
    const dead = await deadRecords(plan)
    const long = 'x'.repeat(2000)
    for (const head of [
      'GET /caf\xe9\xff HTTP/1.1',
      `GET /${long} HTTP/1.1`,
      `${'M'.repeat(100)} /nothing HTTP/1.1`,
    ]) {
      const answer = await rawExchange(
        plan,
        Buffer.from(
          `${head}\r\nHost: localhost\r\nConnection: close\r\nUser-Agent: \xff\xfe${long}\r\n\r\n`,
          'latin1',
        ),
      )
      const row = await awaitLog(plan, idOf(answer))
      assert.ok(row.path.startsWith('/'), row.path)
      assert.ok(row.path.length <= 512 && row.user_agent.length <= 256 && row.method.length <= 32)
      assert.match(row.user_agent, /x{200}/)
    }
    assert.equal(await deadRecords(plan), dead)
  },
)
