/** How many answers one person may have running at once. */

import assert from 'node:assert/strict'
import { limitKey, slotKey } from '#contract/redis-keys.ts'
import type { Plan } from '../../scripts/stack/plan.ts'
import { signedIn } from '../support/accounts.ts'
import { changeUser } from '../support/admin.ts'
import { type Chat, readFirstContent, rest, startChat } from '../support/chat.ts'
import type { Answer, Client } from '../support/client.ts'
import { readMetrics } from '../support/metrics.ts'
import { makePatient } from '../support/patient-gate.ts'
import { assertProblem } from '../support/problem.ts'
import { rateLimit, rateLimits } from '../support/rate-limit.ts'
import { withRedis } from '../support/redis.ts'
import { useStack } from '../support/test-stack.ts'

/** As many chats as one likes, five at once, which is the default. */
const { stackTest } = useStack({
  GATE_LIMIT_CHAT: '"chat";q=1000;w=60',
  GATE_LIMIT_LOGIN: '"login";q=1000;w=60',
})

const QUICK = 'standin: text=hi delay=0'
/** Says a word and then nothing until it is stopped. */
const ENDLESS = 'standin: stall=1 delay=0'

let prepared: Promise<void> | undefined
function slotTest(name: string, run: (plan: Plan) => Promise<void>): void {
  stackTest(name, async ({ plan }) => {
    prepared ??= makePatient(plan)
    await prepared
    await run(plan)
  })
}

function ask(client: Client, message = QUICK): Promise<Answer> {
  return client.send('/api/chat', { body: { message, stream: false } })
}

/** Starts answers that run until they are stopped. */
async function startFive(client: Client): Promise<readonly Chat[]> {
  const chats: Chat[] = []
  for (let n = 0; n < 5; n++) {
    const chat = await startChat(client, ENDLESS)
    await readFirstContent(chat.events)
    chats.push(chat)
  }
  return chats
}

/** Stops an answer and resolves when its end has been read. */
async function stop(client: Client, { id, events }: Chat): Promise<void> {
  const { status } = await client.send(`/api/chat/${id}/stop`, { method: 'POST' })
  assert.equal(status, 204)
  assert.equal((await rest(events)).at(-1)?.event, 'done')
}

async function slotsOf(plan: Plan, uid: string): Promise<readonly string[]> {
  const key = slotKey(`u:${uid}`, 'streams')
  return withRedis(plan, (redis) => redis.zrange(key, 0, '-1'))
}

slotTest('five answers run at once, the sixth is refused and told why', async (plan) => {
  const { client, account } = await signedIn(plan)
  const chats = await startFive(client)
  for (const { response } of chats) {
    // While there is room, answers say nothing about it.
    assert.deepEqual([...rateLimits(response.headers).keys()], ['chat'])
  }
  const refused = await ask(client)
  const problem = assertProblem(refused, 429, 'too_many_streams')
  assert.deepEqual(problem['violated-policies'], ['streams'])
  assert.match(problem.detail, /^At most 5 /)
  assert.ok(Number(refused.headers['retry-after']) > 0)
  assert.equal(problem.retryAfter, Number(refused.headers['retry-after']))
  const { quota, remaining, window, reset } = rateLimit(refused.headers, 'streams')
  assert.deepEqual([quota, remaining, window, reset], [5, 0, undefined, undefined])
  assert.equal(refused.headers['ratelimit-policy']?.includes('qu="concurrent-requests"'), true)

  // It cost nothing: neither a slot nor one of the minute's chats.
  assert.deepEqual([...(await slotsOf(plan, account.id))].sort(), chats.map(({ id }) => id).sort())
  const key = limitKey(`u:${account.id}`, 'chat', 60)
  assert.equal(await withRedis(plan, (redis) => redis.zcard(key)), 5)
  for (const chat of chats) await stop(client, chat)
})

slotTest('in Chinese the refusal is Chinese', async (plan) => {
  const { client } = await signedIn(plan)
  const chats = await startFive(client)
  client.cookies.set('lang', 'zh-CN')
  assert.match(
    assertProblem(await ask(client), 429, 'too_many_streams').detail,
    /最多同时进行 5 个/,
  )
  for (const chat of chats) await stop(client, chat)
})

slotTest('when the end of an answer has been read, the next one may begin', async (plan) => {
  const { client, account } = await signedIn(plan)
  const chats = await startFive(client)
  for (const chat of chats) {
    assertProblem(await ask(client), 429, 'too_many_streams')
    await stop(client, chat)
    const next = await ask(client)
    assert.equal(next.status, 200, next.text)
    // Its own slot is free again as well: one more endless answer takes the place.
    const another = await startChat(client, ENDLESS)
    await readFirstContent(another.events)
    assertProblem(await ask(client), 429, 'too_many_streams')
    await stop(client, another)
    const filler = await startChat(client, ENDLESS)
    await readFirstContent(filler.events)
  }
  for (const id of await slotsOf(plan, account.id)) {
    await client.send(`/api/chat/${id}/stop`, { method: 'POST' })
  }
})

slotTest('one after the other as many as one likes: nothing is left behind', async (plan) => {
  const { client, account } = await signedIn(plan)
  for (let n = 0; n < 12; n++) {
    const answer = await ask(client)
    assert.equal(answer.status, 200, answer.text)
  }
  const failures: readonly [body: object, status: number][] = [
    [{ nonsense: 1 }, 400],
    [{ message: '' }, 400],
    [{ message: 'x', conversation_id: '999999999' }, 404],
    [{ message: 'x', model: 'gpt-9' }, 400],
    [{ message: 'standin: status=500', stream: false }, 502],
    [{ message: 'standin: status=402', stream: false }, 503],
  ]
  for (const [body, status] of [...failures, ...failures]) {
    const answer = await client.send('/api/chat', { body })
    assert.equal(answer.status, status, answer.text)
  }
  assert.deepEqual(await slotsOf(plan, account.id), [])
})

slotTest('of thirty endless answers at once exactly five run', async (plan) => {
  const { client, account } = await signedIn(plan)
  const sent = Array.from({ length: 30 }, () =>
    client.open('/api/chat', { body: { message: ENDLESS } }),
  )
  const responses = await Promise.all(sent)
  const running = responses.filter(({ statusCode }) => statusCode === 200)
  assert.equal(running.length, 5)
  const ids = running.map(({ headers }) => String(headers['x-request-id']))
  assert.deepEqual([...(await slotsOf(plan, account.id))].sort(), [...ids].sort())
  for (const id of ids) await client.send(`/api/chat/${id}/stop`, { method: 'POST' })
  for (const response of responses) response.destroy()
})

slotTest('an answer whose reader has left keeps its slot until it ends', async (plan) => {
  const { client } = await signedIn(plan)
  const chats = await startFive(client)
  const [first] = chats
  first?.response.destroy()
  assertProblem(await ask(client), 429, 'too_many_streams')
  assert.ok(first !== undefined)
  await client.send(`/api/chat/${first.id}/stop`, { method: 'POST' })
  const resumed = await client.send(`/api/chat/${first.id}/events`)
  assert.match(resumed.text, /event: done/)
  assert.equal((await ask(client)).status, 200)
  for (const chat of chats.slice(1)) await stop(client, chat)
})

slotTest('one person’s answers are in nobody else’s way', async (plan) => {
  const { client } = await signedIn(plan)
  const chats = await startFive(client)
  const other = await signedIn(plan)
  assert.equal((await ask(other.client)).status, 200)
  // Nor in their own for what is no answer.
  assert.equal((await client.send('/api/me')).status, 200)
  for (const chat of chats) await stop(client, chat)
})

slotTest('a flood over a limit costs Redis nothing while answers run, either', async (plan) => {
  const { client, account } = await signedIn(plan)
  const { client: admin } = await signedIn(plan, 'admin')
  await changeUser(admin, account.id, { limits: { chat: 5 } })
  const chats = await startFive(client)
  const first = assertProblem(await ask(client), 429, 'rate_limited')
  assert.deepEqual(first['violated-policies'], ['chat', 'streams'])
  const before = await readMetrics(plan)
  const answers = await Promise.all(Array.from({ length: 30 }, () => ask(client)))
  for (const answer of answers) assertProblem(answer, 429, 'rate_limited')
  const after = await readMetrics(plan)
  const calls = 'chatgate_gate_redis_calls_total'
  assert.equal(after.sum(calls), before.sum(calls))
  for (const chat of chats) await stop(client, chat)
})
