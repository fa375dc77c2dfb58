import assert from 'node:assert/strict'
import type { Plan } from '../../scripts/stack/plan.ts'
import { makeAccount, signedIn } from '../support/accounts.ts'
import { Client } from '../support/client.ts'
import { assertProblem } from '../support/problem.ts'
import { awaitLog } from '../support/proxy-log.ts'
import { sqlRows } from '../support/sql.ts'
import { useStack } from '../support/test-stack.ts'
import { NO_TRACES, tracesOf } from '../support/traces.ts'

const { stackTest } = useStack()

type Headers = Readonly<Record<string, string>>

/** What a browser says about a request that another site made it send. */
function foreign(plan: Plan): readonly Headers[] {
  const { httpsPort } = plan.settings
  return [
    { 'Sec-Fetch-Site': 'cross-site' },
    { 'Sec-Fetch-Site': 'same-site' },
    { 'Sec-Fetch-Site': 'something new' },
    { 'Sec-Fetch-Site': '' },
    // Fetch metadata outweighs what Origin says.
    { 'Sec-Fetch-Site': 'cross-site', Origin: `https://localhost:${httpsPort}` },
    { Origin: 'https://evil.example' },
    { Origin: 'null' },
    { Origin: `http://localhost:${httpsPort}` },
    { Origin: `https://localhost:${httpsPort + 1}` },
    { Origin: `https://evil.localhost:${httpsPort}` },
    { Origin: `https://localhost:${httpsPort}.evil.example` },
    { Origin: `https://localhost:${httpsPort}/` },
  ]
}

/** What one's own pages and programs that are no browsers send. */
function own(plan: Plan): readonly Headers[] {
  const origin = `https://localhost:${plan.settings.httpsPort}`
  return [
    { 'Sec-Fetch-Site': 'same-origin', Origin: origin },
    { 'Sec-Fetch-Site': 'none' },
    { Origin: origin },
    {},
  ]
}

stackTest('POST /api/chat from another site is refused and changes nothing', async ({ plan }) => {
  const { client, account } = await signedIn(plan)
  for (const headers of foreign(plan)) {
    const answer = await client.send('/api/chat', { headers, body: { message: 'hello' } })
    assert.equal(answer.status, 403, JSON.stringify(headers))
    const { request_id } = assertProblem(answer, 403, 'cross_site')
    const row = await awaitLog(plan, request_id)
    assert.equal(row.verdict, 'cross_site')
    assert.equal(row.upstream_status, null)
    assert.equal(answer.headers['ratelimit'], undefined, 'it takes nothing from the limit')
  }
  assert.deepEqual(await tracesOf(plan, account.id), NO_TRACES)
  for (const headers of own(plan)) {
    const body = { message: 'standin: text=hi delay=0', stream: false }
    assert.equal((await client.send('/api/chat', { headers, body })).status, 200)
  }
})

stackTest('POST /login from another site signs nobody in', async ({ plan }) => {
  const account = await makeAccount(plan)
  const form = new URLSearchParams({ username: account.username, password: account.password })
  for (const headers of foreign(plan)) {
    const client = new Client(plan)
    const answer = await client.send('/login', {
      headers: { ...headers, 'Content-Type': 'application/x-www-form-urlencoded' },
      body: form.toString(),
    })
    assertProblem(answer, 403, 'cross_site')
    assert.equal(client.cookies.size, 0)
  }
  for (const headers of own(plan)) {
    const client = new Client(plan)
    const answer = await client.send('/login', {
      headers: { ...headers, 'Content-Type': 'application/x-www-form-urlencoded' },
      body: form.toString(),
    })
    assert.equal(answer.status, 303)
    assert.equal(answer.headers.location, '/chat')
    assert.ok(client.cookies.has(plan.settings.cookieName))
  }
})

stackTest('POST /admin/api_key from another site stores no key', async ({ plan }) => {
  const { client } = await signedIn(plan, 'admin')
  const body = { api_key: 'sk-0123456789abcdef0123456789abcdef', alias: 'planted' }
  for (const headers of foreign(plan)) {
    assertProblem(await client.send('/admin/api_key', { headers, body }), 403, 'cross_site')
  }
  const rows = await sqlRows(plan, 'SELECT id FROM api_keys WHERE alias = ?', ['planted'])
  assert.deepEqual(rows, [])
})

stackTest('other unsafe methods are held to the same rule', async ({ plan }) => {
  const { client } = await signedIn(plan)
  for (const method of ['PUT', 'PATCH', 'DELETE', 'BREW']) {
    const headers = { 'Sec-Fetch-Site': 'cross-site' }
    const answer = await client.send('/api/conversations/1', { method, headers, body: {} })
    assertProblem(answer, 403, 'cross_site')
  }
})

stackTest('a link from another site may open pages, as nothing changes', async ({ plan }) => {
  const { client } = await signedIn(plan)
  const headers = { 'Sec-Fetch-Site': 'cross-site', 'Sec-Fetch-Mode': 'navigate' }
  for (const path of ['/chat', '/login', '/api/me']) {
    assert.equal((await client.send(path, { headers })).status, 200, path)
  }
})

stackTest('neither another site nor a prefetch signs anybody out', async ({ plan }) => {
  const { client } = await signedIn(plan)
  for (const headers of [
    { 'Sec-Fetch-Site': 'cross-site' },
    { 'Sec-Fetch-Site': 'same-site' },
    { 'Sec-Fetch-Site': 'same-origin', 'Sec-Purpose': 'prefetch' },
    { 'Sec-Fetch-Site': 'none', 'Sec-Purpose': 'prefetch;prerender' },
    { 'Sec-Purpose': 'prefetch' },
  ]) {
    const answer = await client.send('/logout', { headers })
    assert.equal(answer.status, 403, JSON.stringify(headers))
    assert.equal(answer.headers['set-cookie'], undefined)
    assert.equal(answer.headers['clear-site-data'], undefined)
  }
  const head = { method: 'HEAD', headers: { 'Sec-Fetch-Site': 'cross-site' } }
  assert.equal((await client.send('/logout', head)).status, 403)
  for (const headers of foreign(plan)) {
    const answer = await client.send('/logout', { method: 'POST', headers })
    assert.equal(answer.status, 403, JSON.stringify(headers))
    assert.equal(answer.headers['set-cookie'], undefined)
  }
  assert.equal((await client.send('/api/me')).status, 200)
  assert.equal(
    (await client.send('/logout', { headers: { 'Sec-Fetch-Site': 'same-origin' } })).status,
    303,
  )
  assert.equal((await client.send('/api/me')).status, 401)
})

for (const [lang, question] of [
  ['en', /Log out\?/],
  ['zh-CN', /确认退出登录/],
] as const) {
  stackTest(
    `a link of another site to /logout leads to a question in ${lang}`,
    async ({ plan }) => {
      const { client } = await signedIn(plan)
      for (const headers of [
        { 'Sec-Fetch-Site': 'cross-site' },
        { 'Sec-Fetch-Site': 'same-origin', 'Sec-Purpose': 'prefetch' },
      ]) {
        const answer = await client.send('/logout', {
          headers: { ...headers, Accept: 'text/html', 'Accept-Language': lang },
        })
        assert.equal(answer.status, 403)
        assert.match(String(answer.headers['content-type']), /^text\/html/)
        assert.match(answer.text, question)
        assert.match(answer.text, /href="\/logout"/)
        assert.equal(answer.headers['set-cookie'], undefined)
        assert.equal(answer.headers['cache-control'], 'no-store')
      }
      assert.equal((await client.send('/api/me')).status, 200)
    },
  )
}

/** What a form can send without asking: a page of any site, and no script. */
const FORM_TYPES = ['application/x-www-form-urlencoded', 'multipart/form-data', 'text/plain']

stackTest('a form can do nothing but sign in', async ({ plan }) => {
  const { client, account } = await signedIn(plan, 'admin')
  for (const type of FORM_TYPES) {
    for (const [path, method, body] of [
      ['/api/chat', 'POST', { message: 'hello' }],
      ['/api/tokens', 'POST', { name: 'planted' }],
      ['/admin/api_key', 'POST', { api_key: 'sk-0123456789abcdef', alias: 'planted' }],
      [`/admin/api/users/${account.id}`, 'PATCH', { version: 1, state: 'disabled' }],
    ] as const) {
      const answer = await client.send(path, {
        method,
        headers: { 'Content-Type': type },
        body: JSON.stringify(body),
      })
      assertProblem(answer, 415, 'unsupported_media_type')
    }
    if (type !== FORM_TYPES[0]) {
      const credentials = { username: account.username, password: account.password }
      const stranger = new Client(plan)
      const answer = await stranger.send('/login', {
        headers: { 'Content-Type': type },
        body: JSON.stringify(credentials),
      })
      assertProblem(answer, 415, 'unsupported_media_type')
      assert.equal(stranger.cookies.size, 0)
    }
  }
  assert.deepEqual(await tracesOf(plan, account.id), NO_TRACES)
  assert.equal((await client.send('/api/me')).status, 200)
})

stackTest('no answer invites other sites to read it', async ({ plan }) => {
  const { client } = await signedIn(plan)
  for (const method of ['GET', 'OPTIONS']) {
    const { headers } = await client.send('/api/me', {
      method,
      headers: { Origin: 'https://evil.example', 'Access-Control-Request-Method': 'POST' },
    })
    for (const name of Object.keys(headers)) assert.doesNotMatch(name, /^access-control/)
  }
})
