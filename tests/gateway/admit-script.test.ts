/** admit.lua by itself, against a Redis of its own: what it answers, and what it leaves there. */

import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { after, before, test } from 'node:test'
import type { Redis } from 'ioredis'
import type { LimitPolicy } from '#contract/limit-policy.ts'
import { limitKey, slotKey } from '#contract/redis-keys.ts'
import type { BoundPolicy } from '../../njs/src/domain/bound-policy.ts'
import {
  askOnRecord,
  askScript,
  contentsOf,
  limitsOnly,
  loadAdmitScript,
  policyKey,
  redisTime,
} from '../support/admit-script.ts'
import { type OutsideServer, outsideRedis } from '../support/outside-server.ts'
import { connectRedis } from '../support/redis.ts'

const SECOND_US = 1_000_000

let server: OutsideServer
let redis: Redis
before(async () => {
  server = await outsideRedis()
  redis = await connectRedis(server.settings['REDIS_URL'] ?? '')
  await loadAdmitScript(redis)
})
after(async () => {
  redis?.disconnect()
  await server?.remove()
})

function windowPolicy(name: string, quota: number, windowSeconds = 60): LimitPolicy {
  return { kind: 'window', name, quota, windowSeconds }
}

function slots(quota: number): LimitPolicy {
  return { kind: 'concurrent', name: 'streams', quota, windowSeconds: 10 }
}

/** A subject that no other test counts. */
function bind(...policies: readonly LimitPolicy[]): readonly BoundPolicy[] {
  const subject = `u:${randomUUID()}`
  return policies.map((policy) => ({ policy, subject, ownName: '' }))
}

function keyOf(policies: readonly BoundPolicy[], index = 0): string {
  const bound = policies[index]
  assert.ok(bound !== undefined)
  return policyKey(bound)
}

/** Asks with a new request id and returns whether it was admitted, what is left, and the reset. */
async function ask(policies: readonly BoundPolicy[], requestId: string = randomUUID()) {
  const admission = await askScript(redis, limitsOnly(requestId, policies))
  assert.ok(admission.kind === 'answered')
  const { admitted, states } = admission
  return {
    admitted,
    remaining: states.map(({ remaining }) => remaining),
    resetMs: states.map(({ resetMs }) => resetMs),
  }
}

/** Puts requests into a window as if they had been admitted so many seconds ago. */
async function plant(key: string, ...agesInSeconds: readonly number[]): Promise<void> {
  const now = await redisTime(redis)
  for (const age of agesInSeconds) {
    await redis.zadd(key, String(now - Math.round(age * SECOND_US)), `planted-${age}`)
  }
}

test('of two hundred at once over several connections exactly five are admitted', async () => {
  const policies = bind(windowPolicy('chat', 5))
  const url = server.settings['REDIS_URL'] ?? ''
  const connections = await Promise.all(Array.from({ length: 8 }, () => connectRedis(url)))
  const asks = Array.from({ length: 200 }, (_, index) => {
    const connection = connections[index % connections.length]
    assert.ok(connection !== undefined)
    return askScript(connection, limitsOnly(randomUUID(), policies))
  })
  const answers = await Promise.all(asks)
  for (const connection of connections) connection.disconnect()
  const admitted = answers.filter((answer) => answer.kind === 'answered' && answer.admitted)
  assert.equal(admitted.length, 5)
  assert.equal(await redis.zcard(keyOf(policies)), 5)
})

test('a window slides over entries of the last minute and drops older ones only', async () => {
  const policies = bind(windowPolicy('chat', 5))
  await plant(keyOf(policies), 120, 61, 60.001, 59, 40, 20, 1)
  const last = await ask(policies)
  assert.deepEqual([last.admitted, last.remaining], [true, [0]])
  assert.ok((last.resetMs[0] ?? 0) > 500 && (last.resetMs[0] ?? 0) <= 1000, `${last.resetMs}`)
  assert.equal(await redis.zcard(keyOf(policies)), 5)
  const refused = await ask(policies)
  assert.deepEqual([refused.admitted, refused.remaining], [false, [0]])
})

test('a quota lowered below what is taken tells when there will really be room', async () => {
  const policies = bind(windowPolicy('chat', 2))
  await plant(keyOf(policies), 50, 40, 30, 20, 10)
  const { admitted, resetMs } = await ask(policies)
  assert.equal(admitted, false)
  // With two allowed, room is there when the fourth-youngest goes: that of 20 s ago, in 40 s.
  assert.ok((resetMs[0] ?? 0) > 39_000 && (resetMs[0] ?? 0) <= 40_000, `${resetMs}`)
})

test('a raised quota applies to a subject that was refused', async () => {
  const five = bind(windowPolicy('chat', 5))
  for (let n = 0; n < 5; n++) assert.equal((await ask(five)).admitted, true)
  assert.equal((await ask(five)).admitted, false)
  const ten = five.map((bound) => ({ ...bound, policy: windowPolicy('chat', 10) }))
  assert.deepEqual((await ask(ten)).remaining, [4])
})

test('all policies admit or none counts anything', async () => {
  const policies = bind(windowPolicy('minute', 3), windowPolicy('day', 2, 86_400), slots(5))
  for (let n = 0; n < 2; n++) assert.equal((await ask(policies)).admitted, true)
  const before = await contentsOf(redis)
  const refused = await ask(policies)
  assert.deepEqual([refused.admitted, refused.remaining], [false, [1, 0, 3]])
  assert.deepEqual(await contentsOf(redis), before)
})

test('a refused request writes nothing, whichever policy refuses', async () => {
  const kinds = [windowPolicy('a', 1), windowPolicy('b', 1, 3600), slots(1)]
  for (const full of kinds) {
    const policies = bind(...kinds)
    const others = kinds.map((policy) => (policy === full ? policy : { ...policy, quota: 9 }))
    const bound = policies.map((one, index) => ({ ...one, policy: others[index] ?? full }))
    assert.equal((await ask(bound)).admitted, true)
    const before = await contentsOf(redis)
    for (let n = 0; n < 3; n++) assert.equal((await ask(bound)).admitted, false, full.name)
    assert.deepEqual(await contentsOf(redis), before, full.name)
    // Nor where nothing was there before.
    const fresh = bind(windowPolicy('new', 1))
    assert.equal((await ask([...fresh, ...bound])).admitted, false)
    assert.deepEqual(await contentsOf(redis), before)
  }
})

test('a request id is counted once, however often and from wherever it is asked', async () => {
  const policies = bind(windowPolicy('chat', 2), slots(2))
  const id = randomUUID()
  const answers = await Promise.all(Array.from({ length: 20 }, () => ask(policies, id)))
  for (const { admitted, remaining } of answers) {
    assert.deepEqual([admitted, remaining], [true, [1, 1]])
  }
  assert.equal((await ask(policies)).admitted, true)
  assert.equal((await ask(policies)).admitted, false)
  // Even now that the quota is used up the answer to the same question is the same.
  assert.equal((await ask(policies, id)).admitted, true)
  const before = await contentsOf(redis)
  await ask(policies, id)
  assert.deepEqual(await contentsOf(redis), before)
})

test('a set lives exactly as long as its youngest entry counts', async () => {
  const policies = bind(windowPolicy('chat', 5), windowPolicy('day', 9, 86_400))
  for (let n = 0; n < 5; n++) {
    const { scores } = await askOnRecord(redis, limitsOnly(randomUUID(), policies))
    for (const [index, { policy }] of policies.entries()) {
      const end = (scores[index] ?? 0) / 1000 + policy.windowSeconds * 1000
      const until = await redis.pexpiretime(keyOf(policies, index))
      assert.ok(until >= end && until < end + 1, `${policy.name}: ${until} for ${end}`)
    }
  }
})

test('scores are microseconds of Redis’ clock, whatever the clocks of the gates say', async () => {
  const policies = bind(windowPolicy('chat', 5))
  const { before, after, scores } = await askOnRecord(redis, limitsOnly(randomUUID(), policies))
  const [score = 0] = scores
  assert.ok(before <= score && score <= after)
  assert.ok(Number.isSafeInteger(score))
})

test('running answers: refused at the quota, room as soon as one ends or lapses', async () => {
  const policies = bind(slots(2))
  const key = keyOf(policies)
  const [first, second] = [randomUUID(), randomUUID()]
  assert.deepEqual((await ask(policies, first)).remaining, [1])
  assert.deepEqual((await ask(policies, second)).remaining, [0])
  const refused = await ask(policies)
  assert.equal(refused.admitted, false)
  // Ended: the worker takes it out.
  await redis.zrem(key, first)
  assert.equal((await ask(policies)).admitted, true)
  assert.equal((await ask(policies)).admitted, false)
  // Lapsed: nobody has renewed it for ten seconds.
  const now = await redisTime(redis)
  await redis.zadd(key, String(now - 1), second)
  assert.equal((await ask(policies)).admitted, true)
  assert.equal(await redis.zscore(key, second), null)
  assert.equal((await ask(policies)).admitted, false)
})

test('a slot lasts ten seconds, and longer once it is renewed', async () => {
  const policies = bind(slots(1))
  const id = randomUUID()
  const { scores, after } = await askOnRecord(redis, limitsOnly(id, policies))
  const [lapses = 0] = scores
  assert.ok(lapses > after && lapses <= after + 10 * SECOND_US)
  await redis.zadd(keyOf(policies), String(lapses + 5 * SECOND_US), id)
  const { admitted, resetMs } = await ask(policies)
  assert.equal(admitted, false)
  assert.ok((resetMs[0] ?? 0) > 14_000 && (resetMs[0] ?? 0) <= 15_000, `${resetMs}`)
})

test('one subject is in nobody else’s way', async () => {
  const [mine, theirs] = [bind(windowPolicy('chat', 1)), bind(windowPolicy('chat', 1))]
  assert.equal((await ask(mine)).admitted, true)
  assert.equal((await ask(mine)).admitted, false)
  assert.equal((await ask(theirs)).admitted, true)
})

test('a user and an address are counted side by side', async () => {
  const [user, address] = [`u:${randomUUID()}`, `ip:${randomUUID()}`]
  const policies = [
    { policy: windowPolicy('chat', 9), subject: user, ownName: 'chat' },
    { policy: windowPolicy('chat-ip', 2), subject: address, ownName: '' },
  ]
  assert.equal((await ask(policies)).admitted, true)
  const elsewhere = policies.map((one, index) => (index === 0 ? { ...one, subject: 'u:x' } : one))
  assert.equal((await ask(elsewhere)).admitted, true)
  assert.deepEqual((await ask(policies)).remaining, [8, 0])
  assert.equal(await redis.zcard(limitKey(address, 'chat-ip', 60)), 2)
  assert.equal(await redis.zcard(limitKey(user, 'chat', 60)), 1)
})

test('a question without policies is answered without writing anything', async () => {
  const before = await contentsOf(redis)
  assert.deepEqual(await ask([]), { admitted: true, remaining: [], resetMs: [] })
  assert.deepEqual(await contentsOf(redis), before)
  assert.equal(await redis.exists(slotKey('u:x', 'streams')), 0)
})
