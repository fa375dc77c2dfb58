import assert from 'node:assert/strict'
import { limitKey } from '#contract/redis-keys.ts'
import { makeAccount, signedIn } from '../support/accounts.ts'
import { type Answer, Client } from '../support/client.ts'
import { assertProblem } from '../support/problem.ts'
import { awaitLog } from '../support/proxy-log.ts'
import { withRedis } from '../support/redis.ts'
import { useStack } from '../support/test-stack.ts'

// Sign-in keeps its default of ten a minute; the tests call from addresses of their own.
const { stackTest } = useStack({
  GATE_LIMIT_CHAT: '"chat";q=2;w=60,"slow-chat";q=3;w=86400',
  GATE_LIMIT_API: '"api";q=3;w=3600',
})

function chat(client: Client, message = 'standin: text=hi delay=0'): Promise<Answer> {
  return client.send('/api/chat', { body: { message, stream: false } })
}

stackTest(
  'ten sign-ins a minute pass from one address, the eleventh is refused',
  async ({ plan }) => {
    const account = await makeAccount(plan)
    const client = new Client(plan, '127.0.0.2')
    for (let left = 9; left >= 0; left--) {
      const answer = await client.signIn(account.username, `wrong ${left}`)
      assertProblem(answer, 401, 'invalid_credentials')
      assert.match(String(answer.headers['ratelimit']), new RegExp(`^"login";r=${left};t=\\d+$`))
    }
    const refused = await client.signIn(account.username, account.password)
    const problem = assertProblem(refused, 429, 'rate_limited')
    assert.equal(refused.headers['ratelimit-policy'], '"login";q=10;w=60')
    assert.equal(refused.headers['retry-after'], String(problem.retryAfter))
    assert.equal(refused.headers['set-cookie'], undefined)
    const row = await awaitLog(plan, problem.request_id)
    assert.equal(row.upstream_status, null)
    assert.equal(row.ip, '127.0.0.2')

    const key = limitKey('ip:127.0.0.2', 'login', 60)
    const [count, ttl] = await withRedis(plan, async (redis) => [
      await redis.zcard(key),
      await redis.ttl(key),
    ])
    assert.equal(count, 10)
    assert.ok(ttl > 30 && ttl <= 60, `TTL ${ttl}`)

    // The page itself is there, and other addresses are not meant.
    assert.equal((await client.send('/login')).status, 200)
    const elsewhere = new Client(plan, '127.0.0.3')
    assert.equal((await elsewhere.signIn(account.username, account.password)).status, 200)
  },
)

stackTest('whoever claims another address is counted by their own', async ({ plan }) => {
  const client = new Client(plan, '127.0.0.4')
  const attempt = (claimed: string) =>
    client.send('/login', {
      body: { username: 'nobody', password: 'wrong' },
      headers: {
        'X-Forwarded-For': claimed,
        'X-Real-IP': claimed,
        Forwarded: `for=${claimed}`,
        'True-Client-IP': claimed,
      },
    })
  for (let n = 1; n <= 10; n++) assert.equal((await attempt(`198.51.100.${n}`)).status, 401)
  assert.equal((await attempt('198.51.100.11')).status, 429)
})

stackTest('another site cannot use up the sign-ins of its visitors', async ({ plan }) => {
  const client = new Client(plan, '127.0.0.5')
  for (let n = 0; n < 12; n++) {
    const answer = await client.send('/login', {
      body: { username: 'a', password: 'b' },
      headers: { 'Sec-Fetch-Site': 'cross-site' },
    })
    assertProblem(answer, 403, 'cross_site')
  }
  assert.equal((await client.signIn('a', 'b')).status, 401)
})

stackTest('several policies hold at once, and the one that refuses is named', async ({ plan }) => {
  const { client, account } = await signedIn(plan)
  const first = await chat(client)
  assert.equal(first.status, 200)
  assert.equal(first.headers['ratelimit-policy'], '"chat";q=2;w=60, "slow-chat";q=3;w=86400')
  assert.match(
    String(first.headers['ratelimit']),
    /^"chat";r=1;t=(?:60|5\d), "slow-chat";r=2;t=86\d{3}$/,
  )
  await chat(client)
  const byMinute = assertProblem(await chat(client), 429, 'rate_limited')
  assert.deepEqual(byMinute['violated-policies'], ['chat'])
  assert.ok((byMinute.retryAfter ?? 0) <= 60)

  // A refused call took nothing from the other policy.
  const [minute, day] = [
    limitKey(`u:${account.id}`, 'chat', 60),
    limitKey(`u:${account.id}`, 'slow-chat', 86_400),
  ]
  assert.equal(await withRedis(plan, (redis) => redis.zcard(day)), 2)
  assert.equal(await withRedis(plan, (redis) => redis.zcard(minute)), 2)
})

stackTest('writes to the API count, reads do not', async ({ plan }) => {
  const { client } = await signedIn(plan)
  const write = () => client.send('/api/nothing-here', { method: 'POST', body: {} })
  for (const left of [2, 1, 0]) {
    const answer = await write()
    assert.equal(answer.status, 404)
    assert.match(String(answer.headers['ratelimit']), new RegExp(`^"api";r=${left};`))
    const read = await client.send('/api/me')
    assert.equal(read.status, 200)
    assert.equal(read.headers['ratelimit'], undefined)
    assert.equal(read.headers['ratelimit-policy'], undefined)
  }
  const problem = assertProblem(await write(), 429, 'rate_limited')
  assert.match(problem.detail, /^At most 3 per hour\./)
  assert.equal((await client.send('/api/me')).status, 200)
  assert.equal((await chat(client)).status, 200)
})

stackTest(
  'search and export count like writes, other reads of conversations do not',
  async ({ plan }) => {
    const { client } = await signedIn(plan)
    const { id } = (await client.send('/api/conversations', { body: {} })).json()
    for (const [path, left] of [
      ['/api/conversations/search?q=gate', 1],
      [`/api/conversations/${id}/export`, 0],
    ] as const) {
      const answer = await client.send(path)
      assert.equal(answer.status, 200, path)
      assert.match(String(answer.headers['ratelimit']), new RegExp(`^"api";r=${left};`))
      for (const read of ['', `/${id}`, `/${id}/messages`]) {
        const { status, headers } = await client.send(`/api/conversations${read}`)
        assert.deepEqual([status, headers['ratelimit']], [200, undefined], read)
      }
    }
    for (const path of ['search?q=gate', `${id}/export?format=markdown`]) {
      assertProblem(await client.send(`/api/conversations/${path}`), 429, 'rate_limited')
    }
  },
)

stackTest('everything of the admin API counts, reads too', async ({ plan }) => {
  const { client } = await signedIn(plan, 'admin')
  for (let n = 0; n < 3; n++) assert.equal((await client.send('/admin/api/keys')).status, 200)
  assertProblem(await client.send('/admin/api/keys'), 429, 'rate_limited')
  assert.equal((await client.send('/admin')).status, 200)
})

stackTest('records of usage count like writes, sums of it do not', async ({ plan }) => {
  const { client } = await signedIn(plan)
  for (const [path, left] of [
    ['records', 2],
    ['summary', undefined],
    ['records?format=csv', 1],
    ['series?range=7d', undefined],
    ['records?%66ormat=csv', 0],
  ] as const) {
    const answer = await client.send(`/api/usage/${path}`)
    assert.equal(answer.status, 200, path)
    assert.equal(/^"api";r=(\d+);/.exec(String(answer.headers['ratelimit']))?.[1], left?.toString())
  }
  assertProblem(await client.send('/api/usage/records'), 429, 'rate_limited')
})
