/** What becomes of quotas when a worker or Redis dies, forgets or is away. */

import assert from 'node:assert/strict'
import { after } from 'node:test'
import { quotaHoldsKey, quotaKey } from '#contract/redis-keys.ts'
import type { Plan } from '../../scripts/stack/plan.ts'
import { waitFor } from '../../scripts/stack/readiness.ts'
import { signedIn } from '../support/accounts.ts'
import { readFirstContent, rest, startChat, wholeChat } from '../support/chat.ts'
import { type Answer, Client } from '../support/client.ts'
import { CROWDED } from '../support/crowd.ts'
import { type OutsideServer, outsideRedis } from '../support/outside-server.ts'
import { assertProblem } from '../support/problem.ts'
import { signalPart, successorOf, vanished } from '../support/processes.ts'
import { personWithin, standingOf, tokensPer } from '../support/quotas.ts'
import { withRedis } from '../support/redis.ts'
import { PROVOKES } from '../support/redis-outage.ts'
import { useStack } from '../support/test-stack.ts'
import { settledRow } from '../support/usage-rows.ts'

let redis: OutsideServer
const { stackTest } = useStack(async () => {
  redis = await outsideRedis()
  return { ...CROWDED, ...redis.settings }
})
after(() => redis?.remove())

const SCRIPT = 'standin: tokens=20 delay=0'
const ENDLESS = 'standin: stall=2 delay=0'
/** Enough for one call of 8192 tokens with its prompt, and for nothing beside it. */
const ONE_CALL = 9000
const RECOVERY_MS = 15_000
/** A hold lapses after 15 s, and a silent worker's calls are settled after 30. */
const SWEPT_MS = 90_000
const EXPECTED = { provokes: new RegExp(`${PROVOKES.source}|upstream prematurely closed|recv`) }

function ask(client: Client, message = SCRIPT): Promise<Answer> {
  return client.send('/api/chat', { body: { message, stream: false } })
}

function stateOf(plan: Plan, uid: string) {
  return withRedis(plan, (connection) => connection.hgetall(quotaKey(uid)))
}

function holdsOf(plan: Plan, uid: string) {
  return withRedis(plan, async (connection) => {
    return Object.keys(await connection.hgetall(quotaHoldsKey(uid)))
  })
}

/** Signs in anew, once that is possible. */
async function back(plan: Plan, account: { username: string; password: string }): Promise<Client> {
  const client = new Client(plan)
  await waitFor(async () => {
    const { status } = await client.signIn(account.username, account.password)
    if (status !== 200) throw new Error(`sign-in answers ${status}`)
    assert.equal((await client.send('/api/me')).status, 200)
  }, RECOVERY_MS)
  return client
}

stackTest(
  'a worker is killed: its reservation holds until what the call used is counted',
  async ({ plan }) => {
    const { client, account } = await personWithin(plan, tokensPer('day', ONE_CALL))
    const { id, events } = await startChat(client, ENDLESS)
    await readFirstContent(events)
    const { reserved } = await standingOf(client)
    const killed = signalPart(plan, 'worker', 'SIGKILL')
    await assert.rejects(rest(events), /aborted/)
    await vanished(killed)
    await successorOf(plan, 'worker', killed)
    await waitFor(async () => assert.equal((await client.send('/api/me')).status, 200), RECOVERY_MS)
    assert.equal((await standingOf(client)).reserved, reserved)
    await waitFor(async () => {
      assertProblem(await ask(client), 429, 'quota_exhausted')
    }, RECOVERY_MS)
    await waitFor(async () => {
      assert.equal((await standingOf(client)).reserved, 0)
    }, SWEPT_MS)
    const row = await settledRow(plan, id)
    assert.equal(row.ending, 'interrupted')
    const { used } = await standingOf(client)
    assert.equal(used, row.prompt_tokens + row.completion_tokens)
    assert.equal((await ask(client)).status, 200)
    assert.deepEqual(await holdsOf(plan, account.id), [])
    const state = await stateOf(plan, account.id)
    assert.equal(state['u:day:tokens'], String((await standingOf(client)).used))
  },
  EXPECTED,
)

stackTest(
  'Redis forgets everything: what was used and what runs is known again',
  async ({ plan }) => {
    const { client, account } = await personWithin(plan, tokensPer('day', ONE_CALL))
    await wholeChat(client, 'standin: tokens=700 delay=0')
    const running = await startChat(client, ENDLESS)
    await readFirstContent(running.events)
    const before = await standingOf(client)
    await withRedis(plan, (connection) => connection.flushall())
    const again = await back(plan, account)
    assert.deepEqual(await standingOf(again), before)
    // What runs is reserved.
    assertProblem(await ask(again), 429, 'quota_exhausted')
    assert.deepEqual(await holdsOf(plan, account.id), [running.id])
    await again.send(`/api/chat/${running.id}/stop`, { method: 'POST' })
    await rest(running.events)
    assert.equal((await ask(again)).status, 200)
    const { used } = await standingOf(again)
    assert.equal((await stateOf(plan, account.id))['u:day:tokens'], String(used))
  },
  EXPECTED,
)

stackTest(
  'a Redis that was started anew is not believed what it lost in its last second',
  async ({ plan }) => {
    const { client, account } = await personWithin(plan, tokensPer('day', 1500))
    await wholeChat(client, 'standin: tokens=1000 delay=0')
    assertProblem(await ask(client), 429, 'quota_exhausted')
    await redis.kill()
    await redis.start()
    await withRedis(plan, (connection) => {
      return connection.hset(quotaKey(account.id), { 'u:day:tokens': '0' })
    })
    const again = await back(plan, account)
    assertProblem(await ask(again), 429, 'quota_exhausted')
    const { used } = await standingOf(again)
    assert.equal((await stateOf(plan, account.id))['u:day:tokens'], String(used))
  },
  EXPECTED,
)

stackTest(
  'Redis is away: who has a quota waits, who has none goes on',
  async ({ plan }) => {
    const { client: bounded } = await personWithin(plan, tokensPer('day', 100_000))
    const { client: free } = await signedIn(plan)
    const running = await startChat(bounded, ENDLESS)
    await readFirstContent(running.events)
    for (const client of [bounded, free]) assert.equal((await client.send('/api/me')).status, 200)
    await redis.kill()
    await waitFor(async () => {
      const answer = await ask(bounded)
      assertProblem(answer, 503, 'limits_unavailable')
      assert.match(String(answer.headers['retry-after']), /^[1-9]$/)
    }, RECOVERY_MS)
    assert.equal((await ask(free)).status, 200)
    // What it has used is seen all the same, and a call that ends meanwhile is counted later.
    assert.equal((await standingOf(bounded)).left !== 100_000, true)
    await bounded.send(`/api/chat/${running.id}/stop`, { method: 'POST' })
    await rest(running.events)
    const { used } = await standingOf(bounded)
    await redis.start()
    await waitFor(async () => assert.equal((await ask(bounded)).status, 200), RECOVERY_MS)
    assert.ok(Number((await standingOf(bounded)).used) > Number(used))
  },
  EXPECTED,
)
