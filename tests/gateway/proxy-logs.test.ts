import assert from 'node:assert/strict'
import { signedIn } from '../support/accounts.ts'
import { readEvents } from '../support/chat-stream.ts'
import { Client, type Send } from '../support/client.ts'
import { awaitLog, drainLogs, type LogRow, logsOf } from '../support/proxy-log.ts'
import { sqlRows } from '../support/sql.ts'
import { useStack } from '../support/test-stack.ts'

const { stackTest } = useStack()

const NOBODY = { Cookie: '' }
const FOREIGN = { 'Sec-Fetch-Site': 'cross-site' }

/** A request of somebody signed in, and what its row holds besides. */
const LOGGED: readonly [string, Send, Partial<LogRow>][] = [
  ['/login', { headers: NOBODY }, { status: 200, verdict: '', upstream_status: null }],
  ['/', {}, { status: 302, verdict: '' }],
  ['/chat', {}, { status: 200, verdict: 'allow', upstream_status: null }],
  ['/dashboard', { method: 'HEAD' }, { status: 200, verdict: 'allow', method: 'HEAD' }],
  ['/chat', { headers: NOBODY }, { status: 302, verdict: 'unauthenticated', user_id: null }],
  ['/api/me', {}, { status: 200, verdict: 'allow', upstream_status: 200 }],
  ['/api/me', { headers: NOBODY }, { status: 401, verdict: 'unauthenticated', user_id: null }],
  ['/api/nothing', {}, { status: 404, verdict: 'allow', upstream_status: 404 }],
  ['/admin', {}, { status: 403, verdict: 'admin_only', upstream_status: null }],
  ['/admin/api/keys', {}, { status: 403, verdict: 'admin_only', upstream_status: null }],
  ['/nothing', {}, { status: 404, verdict: '' }],
  ['/chat', { method: 'PUT', body: 'x' }, { status: 405, verdict: 'allow', method: 'PUT' }],
  [
    '/api/chat',
    { body: {}, headers: FOREIGN },
    { status: 403, verdict: 'cross_site', method: 'POST', upstream_status: null },
  ],
  [
    '/login',
    { body: { username: 'a', password: 'b' }, headers: NOBODY },
    { status: 401, verdict: 'allow', method: 'POST', upstream_status: 401, user_id: null },
  ],
  [
    '/api/chat',
    { body: {} },
    { status: 400, verdict: 'allow', method: 'POST', upstream_status: 400 },
  ],
  [
    '/api/chat',
    { body: 'x'.repeat(300_000) },
    { status: 413, method: 'POST', upstream_status: null },
  ],
]

stackTest(
  'every request to pages and APIs, let through or not, makes exactly one row',
  async ({ plan }) => {
    const { client, account } = await signedIn(plan)
    const began = Date.now()
    for (const [path, send, expected] of LOGGED) {
      const headers = { 'User-Agent': 'proxy-logs test', ...send.headers }
      // The worker refuses queries that its operations do not have.
      const query = /^\/(?:api|admin\/api)\//.test(path) ? '' : '?q=1'
      const answer = await client.send(path + query, { ...send, headers })
      const id = String(answer.headers['x-request-id'])
      const row = await awaitLog(plan, id)
      const what = `${send.method ?? ''} ${path} ${answer.status}`
      // Refused requests too: an administrator has to see who it was.
      const isDecided = Boolean(expected.verdict) && send.headers === undefined
      const wanted = {
        method: 'GET',
        path,
        protocol: 'HTTP/1.1',
        completed: 1,
        user_agent: 'proxy-logs test',
        ...(isDecided && { user_id: account.id }),
        ...expected,
      }
      assert.deepEqual({ ...row, ...wanted }, row, what)
      assert.equal(row.status, answer.status, what)
      assert.match(row.ip, /^(?:127\.0\.0\.1|::1)$/)
      assert.equal(row.upstream_ms === null, row.upstream_status === null, what)
      assert.ok(Number(row.bytes_in) > 50 && Number(row.bytes_out) > 200, what)
      // nginx notes the end in its own clock's milliseconds; the beginning is that minus the time taken.
      const at = row.created_at.getTime()
      assert.ok(at >= began - 100 && at <= Date.now() + 100, `${what} at ${row.created_at}`)
    }
    await drainLogs(plan)
    const counts = await sqlRows(
      plan,
      'SELECT request_id FROM proxy_logs WHERE user_agent = ? GROUP BY request_id HAVING COUNT(*) > 1',
      ['proxy-logs test'],
    )
    assert.deepEqual(counts, [])
  },
  { provokes: /intended to send too large body/ },
)

stackTest('assets and health checks are not logged', async ({ plan }) => {
  const client = new Client(plan)
  const { text } = await client.send('/login')
  const asset = /"(\/assets\/[^"]+)"/.exec(text)?.[1] ?? ''
  const ids = []
  for (const path of [asset, '/healthz']) {
    const answer = await client.send(path)
    assert.equal(answer.status, 200, path)
    ids.push(String(answer.headers['x-request-id']))
  }
  await drainLogs(plan)
  for (const id of ids) assert.deepEqual(await logsOf(plan, id), [])
})

stackTest(
  'an answer that the client leaves half-read is logged as not completed',
  async ({ plan }) => {
    const { client, account } = await signedIn(plan)
    const response = await client.open('/api/chat', {
      body: { message: 'standin: tokens=20 delay=50' },
    })
    for await (const { event } of readEvents(response)) if (event === 'content') break
    response.destroy()
    const row = await awaitLog(plan, String(response.headers['x-request-id']))
    assert.equal(row.completed, 0)
    assert.equal(row.status, 200)
    assert.equal(row.user_id, account.id)
    assert.equal(row.upstream_status, 200)
  },
)

stackTest(
  'a streamed answer is logged when it has ended, with the whole time',
  async ({ plan }) => {
    const { client } = await signedIn(plan)
    const answer = await client.send('/api/chat', {
      body: { message: 'standin: tokens=8 delay=50' },
    })
    const row = await awaitLog(plan, String(answer.headers['x-request-id']))
    assert.equal(row.completed, 1)
    assert.ok(row.duration_ms >= 350, `${row.duration_ms} ms`)
    assert.ok((row.upstream_ms ?? 1e6) < row.duration_ms, `${row.upstream_ms} ms to the headers`)
  },
)

stackTest('of three hundred requests at once none is lost and none doubled', async ({ plan }) => {
  const client = new Client(plan)
  const send = () => client.send('/api/me')
  const answers = await Promise.all(Array.from({ length: 300 }, send))
  const ids = answers.map(({ headers }) => String(headers['x-request-id']))
  assert.equal(new Set(ids).size, 300)
  for (const id of ids) await awaitLog(plan, id)
  await drainLogs(plan)
  for (const id of ids) assert.equal((await logsOf(plan, id)).length, 1)
})
