import assert from 'node:assert/strict'
import { limitKey } from '#contract/redis-keys.ts'
import type { Plan } from '../../scripts/stack/plan.ts'
import { signedIn } from '../support/accounts.ts'
import type { Answer, Client, Send } from '../support/client.ts'
import { assertProblem } from '../support/problem.ts'
import { awaitLog } from '../support/proxy-log.ts'
import { rateLimit } from '../support/rate-limit.ts'
import { commandCounts, withRedis } from '../support/redis.ts'
import { recordedCalls } from '../support/standin-journal.ts'
import { useStack } from '../support/test-stack.ts'

const { stackTest } = useStack()

const MESSAGE = 'hello\nstandin: text=hi delay=0'

function chat(client: Client, headers: Send['headers'] = {}): Promise<Answer> {
  return client.send('/api/chat', { headers, body: { message: MESSAGE, stream: false } })
}

/** Uses up the client's chats of this minute. */
async function exhaust(client: Client): Promise<void> {
  for (let count = 0; count < 5; count++) assert.equal((await chat(client)).status, 200)
}

function idOf(answer: Answer): string {
  return String(answer.headers['x-request-id'])
}

/** Returns what is left, and seconds until there is more. */
function rateOf({ headers }: Answer): { remaining: number; reset: number } {
  assert.equal(headers['ratelimit-policy'], '"chat";q=5;w=60')
  const { remaining, reset } = rateLimit(headers, 'chat')
  assert.ok(reset !== undefined)
  return { remaining, reset }
}

async function countedCalls(plan: Plan, uid: string): Promise<readonly string[]> {
  return withRedis(plan, (redis) => redis.zrange(limitKey(`u:${uid}`, 'chat', 60), 0, '-1'))
}

stackTest(
  'five chats in a minute pass and say how many are left, the sixth is refused',
  async ({ plan }) => {
    const { client, account } = await signedIn(plan)
    const ids: string[] = []
    for (const left of [4, 3, 2, 1, 0]) {
      const answer = await chat(client)
      assert.equal(answer.status, 200)
      assert.equal(answer.headers['retry-after'], undefined)
      const { remaining, reset } = rateOf(answer)
      assert.equal(remaining, left)
      assert.ok(reset > 30 && reset <= 60, `t=${reset}`)
      ids.push(idOf(answer))
    }
    const refused = await chat(client)
    const problem = assertProblem(refused, 429, 'rate_limited')
    const { remaining, reset } = rateOf(refused)
    assert.equal(remaining, 0)
    assert.ok(reset > 30 && reset <= 60, `t=${reset}`)
    assert.equal(refused.headers['retry-after'], String(reset))
    assert.equal(problem.retryAfter, reset)
    assert.equal(problem.type, 'https://iana.org/assignments/http-problem-types#quota-exceeded')
    assert.deepEqual(problem['violated-policies'], ['chat'])
    assert.match(problem.detail, new RegExp(`At most 5 per minute\\..* ${reset} s`))
    assert.deepEqual([...(await countedCalls(plan, account.id))].sort(), ids.sort())
  },
)

stackTest('a refused chat reaches neither worker nor model', async ({ plan }) => {
  const { client, account } = await signedIn(plan)
  await exhaust(client)
  // Asked of Redis, and remembered from the time before.
  for (const refused of [await chat(client), await chat(client)]) {
    assert.equal(refused.status, 429)
    const row = await awaitLog(plan, idOf(refused))
    assert.equal(row.upstream_status, null)
    assert.equal(row.upstream_ms, null)
    assert.equal(row.verdict, 'rate_limited')
    assert.equal(row.status, 429)
    assert.deepEqual(await recordedCalls(plan, idOf(refused)), [])
  }
  assert.equal((await countedCalls(plan, account.id)).length, 5)
})

stackTest('the refusal is friendly in the language of the person', async ({ plan }) => {
  const { client } = await signedIn(plan)
  await exhaust(client)
  const texts: readonly [Record<string, string>, RegExp][] = [
    [{}, /^At most 5 per minute\. Please try again in \d+ s\.$/],
    [{ 'Accept-Language': 'zh-CN,zh;q=0.9,en;q=0.8' }, /^每分钟最多 5 次，请在 \d+ 秒后重试。$/],
    [{ 'Accept-Language': 'fr, en;q=0.8, zh;q=0.5' }, /^At most 5/],
  ]
  for (const [headers, text] of texts) {
    assert.match(assertProblem(await chat(client, headers), 429, 'rate_limited').detail, text)
  }
  client.cookies.set('lang', 'zh-CN')
  const chosen = await chat(client, { 'Accept-Language': 'en' })
  assert.match(assertProblem(chosen, 429, 'rate_limited').detail, /^每分钟最多 5 次/)
})

stackTest('the memory of the calls ends with the window', async ({ plan }) => {
  const { client, account } = await signedIn(plan)
  await chat(client)
  const key = limitKey(`u:${account.id}`, 'chat', 60)
  const ttl = await withRedis(plan, (redis) => redis.ttl(key))
  assert.ok(ttl > 30 && ttl <= 60, `TTL ${ttl}`)
})

stackTest('the window slides: a call older than a minute makes room for one', async ({ plan }) => {
  const { client, account } = await signedIn(plan)
  const key = limitKey(`u:${account.id}`, 'chat', 60)
  const [oldest = '', next = ''] = [idOf(await chat(client)), idOf(await chat(client))]
  for (let count = 0; count < 3; count++) await chat(client)
  const minuteUs = 60_000_000
  await withRedis(plan, async (redis) => {
    await redis.zincrby(key, -minuteUs, oldest)
    // This one stays, for some seconds yet.
    await redis.zincrby(key, -(minuteUs - 20_000_000), next)
  })
  assert.equal((await chat(client)).status, 200)
  const refused = await chat(client)
  assertProblem(refused, 429, 'rate_limited')
  const { reset } = rateOf(refused)
  assert.ok(reset > 5 && reset <= 20, `t=${reset}`)
})

stackTest('a flood over the limit costs Redis nothing', async ({ plan }) => {
  const { client } = await signedIn(plan)
  await exhaust(client)
  assert.equal((await chat(client)).status, 429)
  const before = await commandCounts(plan)
  const answers = await Promise.all(Array.from({ length: 50 }, () => chat(client)))
  assert.ok(answers.every(({ status }) => status === 429))
  assert.ok(answers.every(({ headers }) => Number(headers['retry-after']) > 0))
  assert.deepEqual(await commandCounts(plan), before)
})

stackTest(
  'one person over the limit is in nobody else’s way, nor in their own elsewhere',
  async ({ plan }) => {
    const { client } = await signedIn(plan)
    await exhaust(client)
    assert.equal((await chat(client)).status, 429)
    const other = await signedIn(plan)
    assert.equal(rateOf(await chat(other.client)).remaining, 4)
    for (const path of ['/api/me', '/api/usage/summary', '/chat']) {
      assert.equal((await client.send(path)).status, 200, path)
    }
  },
)

stackTest('a second sign-in of the same person shares the limit', async ({ plan }) => {
  const { client, account } = await signedIn(plan)
  await exhaust(client)
  await client.signIn(account.username, account.password)
  assert.equal((await chat(client)).status, 429)
})

stackTest(
  'only POST /api/chat counts: not other methods, not stopping or resuming',
  async ({ plan }) => {
    const { client, account } = await signedIn(plan)
    const id = '0'.repeat(32)
    assert.equal((await client.send('/api/chat')).status, 405)
    assert.equal((await client.send('/api/chat', { method: 'PUT', body: {} })).status, 405)
    assert.equal((await client.send(`/api/chat/${id}/stop`, { method: 'POST' })).status, 404)
    assert.equal((await client.send(`/api/chat/${id}/events`)).status, 404)
    assert.deepEqual(await countedCalls(plan, account.id), [])
    await exhaust(client)
    assert.equal((await chat(client)).status, 429)
    assert.equal((await client.send(`/api/chat/${id}/stop`, { method: 'POST' })).status, 404)
  },
)

stackTest('a chat that the worker turns down counts like any other', async ({ plan }) => {
  const { client } = await signedIn(plan)
  assertProblem(await client.send('/api/chat', { body: { nonsense: 1 } }), 400, 'invalid_request')
  assert.equal(rateOf(await chat(client)).remaining, 3)
})
