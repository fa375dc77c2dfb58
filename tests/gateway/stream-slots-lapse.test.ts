/** A slot that nobody can give back any more lapses by itself. */

import assert from 'node:assert/strict'
import { slotKey } from '#contract/redis-keys.ts'
import { SLOT_LEASE_SECONDS } from '#contract/stream-slot.ts'
import type { Plan } from '../../scripts/stack/plan.ts'
import { waitFor } from '../../scripts/stack/readiness.ts'
import { signedIn } from '../support/accounts.ts'
import { readFirstContent, startChat } from '../support/chat.ts'
import type { Answer, Client } from '../support/client.ts'
import { signalPart, successorOf, vanished } from '../support/processes.ts'
import { withRedis } from '../support/redis.ts'
import { useStack } from '../support/test-stack.ts'

const { stackTest } = useStack({
  GATE_LIMIT_CHAT: '"chat";q=1000;w=60',
  GATE_LIMIT_LOGIN: '"login";q=1000;w=60',
})

const RECOVERY_MS = 30_000
/** What nginx says of a worker that is gone. */
const PROVOKES = /upstream prematurely closed|connect\(\) to unix:.*worker\.sock|recv\(\) failed/

function ask(client: Client): Promise<Answer> {
  const message = 'standin: text=hi delay=0'
  return client.send('/api/chat', { body: { message, stream: false } })
}

async function startFive(client: Client): Promise<readonly string[]> {
  const ids: string[] = []
  for (let n = 0; n < 5; n++) {
    const { id, events } = await startChat(client, 'standin: stall=1 delay=0')
    await readFirstContent(events)
    events.return(undefined).catch(() => undefined)
    ids.push(id)
  }
  return ids
}

/** Returns when the last slot lapses, microseconds of Redis' clock; undefined if there is none. */
async function lastLapse(plan: Plan, uid: string): Promise<number | undefined> {
  const key = slotKey(`u:${uid}`, 'streams')
  const [, score] = await withRedis(plan, (redis) => redis.zrange(key, '-1', '-1', 'WITHSCORES'))
  return score === undefined ? undefined : Number(score)
}

/** Microseconds of Redis' clock. */
async function redisNow(plan: Plan): Promise<number> {
  const [seconds, micros] = await withRedis(plan, (redis) => redis.time())
  return Number(seconds) * 1_000_000 + Number(micros)
}

/** Resolves when requests are answered again. */
async function awaitWorker(client: Client): Promise<void> {
  await waitFor(async () => assert.equal((await client.send('/api/me')).status, 200), RECOVERY_MS)
}

/** Resolves when the gate lets a chat through, and returns Redis' clock at the last refusal for slots. */
async function awaitRoom(plan: Plan, client: Client): Promise<number> {
  let lastRefusal = 0
  await waitFor(async () => {
    const now = await redisNow(plan)
    const answer = await ask(client)
    if (answer.status === 429) lastRefusal = now
    assert.equal(answer.status, 200, answer.text)
  }, RECOVERY_MS)
  return lastRefusal
}

stackTest(
  'a worker killed in the middle of five answers: ten seconds later there is room for five',
  async ({ plan }) => {
    const { client, account } = await signedIn(plan)
    await startFive(client)
    assert.equal((await ask(client)).status, 429)
    const killed = signalPart(plan, 'worker', 'SIGKILL')
    await vanished(killed)
    const diedAt = await redisNow(plan)
    const lapse = await lastLapse(plan, account.id)
    assert.ok(lapse !== undefined && lapse <= diedAt + SLOT_LEASE_SECONDS * 1_000_000)
    await successorOf(plan, 'worker', killed)
    // A chat that finds no worker holds its slot until it lapses, and would be taken for one of the five.
    await awaitWorker(client)
    const lastRefusal = await awaitRoom(plan, client)
    assert.ok(lastRefusal < lapse, 'refused although no slot was left')
    // Each lapses so long after it was taken; there is room for all five when the last one has.
    await waitFor(async () => assert.ok((await redisNow(plan)) >= lapse), RECOVERY_MS)
    await startFive(client)
    assert.equal((await ask(client)).status, 429)
  },
  { provokes: PROVOKES },
)

stackTest(
  'nginx killed while five answers run: they keep their slots, and none is left at the end',
  async ({ plan }) => {
    const { client, account } = await signedIn(plan)
    const ids = await startFive(client)
    const killed = signalPart(plan, 'nginx', 'SIGKILL')
    await successorOf(plan, 'nginx', killed)
    await awaitWorker(client)
    // The worker holds them, so they still count, for longer than a lease if need be.
    await outlive(plan, account.id)
    assert.equal((await ask(client)).status, 429)
    for (const id of ids) await client.send(`/api/chat/${id}/stop`, { method: 'POST' })
    await waitFor(async () => {
      assert.equal(await lastLapse(plan, account.id), undefined)
    }, RECOVERY_MS)
    assert.equal((await ask(client)).status, 200)
  },
  { provokes: PROVOKES },
)

/** Resolves when every slot that there is now has been renewed. */
async function outlive(plan: Plan, uid: string): Promise<void> {
  const key = slotKey(`u:${uid}`, 'streams')
  const now = await lastLapse(plan, uid)
  assert.ok(now !== undefined)
  await waitFor(async () => {
    const old = await withRedis(plan, (redis) => redis.zcount(key, '-inf', now))
    assert.equal(old, 0)
  }, RECOVERY_MS)
  assert.equal(await withRedis(plan, (redis) => redis.zcard(key)), 5)
}
