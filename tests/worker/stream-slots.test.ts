/** The worker's half of stream slots: kept while an answer runs, free before its end shows. */

import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { GATE_HEADERS } from '#contract/headers.ts'
import { slotKey } from '#contract/redis-keys.ts'
import { SLOT_LEASE_SECONDS, SLOT_RENEW_MS } from '#contract/stream-slot.ts'
import type { Plan } from '../../scripts/stack/plan.ts'
import { waitFor } from '../../scripts/stack/readiness.ts'
import { makeAccount } from '../support/accounts.ts'
import { readFirstContent, readUntil } from '../support/chat.ts'
import { readEvents } from '../support/chat-stream.ts'
import { withRedis } from '../support/redis.ts'
import { useStack } from '../support/test-stack.ts'
import { askAsGate, type GateRequest, openAsGate } from './gate-request.ts'

const { stackTest } = useStack()

const POLICY = 'streams'

/** Takes a slot as the gate does, and returns the request that comes with it. */
async function admitted(plan: Plan, message: string, body: object = {}) {
  const { id: uid } = await makeAccount(plan)
  const requestId = randomBytes(16).toString('hex')
  const key = slotKey(`u:${uid}`, POLICY)
  await withRedis(plan, async (redis) => {
    const [seconds] = await redis.time()
    await redis.zadd(key, (Number(seconds) + SLOT_LEASE_SECONDS) * 1e6, requestId)
    await redis.expire(key, SLOT_LEASE_SECONDS)
  })
  const request: GateRequest = {
    path: '/api/chat',
    body: { message, ...body },
    identity: { uid },
    headers: { [GATE_HEADERS.slot]: POLICY },
    requestId,
  }
  /** Returns when the slot lapses, Unix ms; undefined if it is free. */
  const lapsesAt = async () => {
    const score = await withRedis(plan, (redis) => redis.zscore(key, requestId))
    return score === null ? undefined : Number(score) / 1000
  }
  const stop = () =>
    askAsGate(plan, { path: `/api/chat/${requestId}/stop`, method: 'POST', identity: { uid } })
  return { request, key, requestId, lapsesAt, stop }
}

stackTest('when the end of an answer shows, its slot is free', async ({ plan }) => {
  for (const [script, last] of [
    ['standin: tokens=3 delay=0', 'done'],
    ['standin: error=2 delay=0', 'error'],
    ['standin: status=402', 'error'],
    ['standin: cut=2 delay=0', 'error'],
  ] as const) {
    const { request, lapsesAt } = await admitted(plan, script)
    const events = readEvents(await openAsGate(plan, request))
    await readUntil(events, ({ event }) => event === last)
    assert.equal(await lapsesAt(), undefined, script)
  }
})

stackTest('when a stopped answer has ended, its slot is free', async ({ plan }) => {
  const { request, lapsesAt, stop } = await admitted(plan, 'standin: stall=2 delay=0')
  const events = readEvents(await openAsGate(plan, request))
  await readFirstContent(events)
  assert.notEqual(await lapsesAt(), undefined)
  assert.equal((await stop()).status, 204)
  await readUntil(events, ({ event }) => event === 'done')
  assert.equal(await lapsesAt(), undefined)
})

stackTest('an answer that nobody reads keeps its slot until it ends', async ({ plan }) => {
  const { request, lapsesAt, stop } = await admitted(plan, 'standin: stall=2 delay=0')
  const response = await openAsGate(plan, request)
  await readFirstContent(readEvents(response))
  response.destroy()
  assert.notEqual(await lapsesAt(), undefined)
  await stop()
  await waitFor(async () => assert.equal(await lapsesAt(), undefined), 5000)
})

stackTest('when an answer comes whole, its slot is free', async ({ plan }) => {
  for (const [script, status] of [
    ['standin: tokens=2 delay=0', 200],
    ['standin: status=500', 502],
  ] as const) {
    const { request, lapsesAt } = await admitted(plan, script, { stream: false })
    assert.equal((await askAsGate(plan, request)).status, status)
    assert.equal(await lapsesAt(), undefined)
  }
})

stackTest('when a message is refused, its slot is free', async ({ plan }) => {
  for (const [message, body, headers, status] of [
    ['', {}, {}, 400],
    ['x', { conversation_id: '999999999' }, {}, 404],
    ['x', { model: 'gpt-9' }, {}, 400],
    ['x', {}, { 'Sec-Fetch-Site': 'cross-site' }, 403],
    ['x', {}, { 'Content-Type': 'text/plain' }, 415],
  ] as const) {
    const { request, lapsesAt } = await admitted(plan, message, body)
    const answer = await askAsGate(plan, {
      ...request,
      headers: { ...request.headers, ...headers },
    })
    assert.equal(answer.status, status, answer.text)
    assert.equal(await lapsesAt(), undefined, answer.text)
  }
})

stackTest('who is not the gate frees no slot', async ({ plan }) => {
  const { request, lapsesAt } = await admitted(plan, '')
  const headers = { ...request.headers, [GATE_HEADERS.secret]: 'x'.repeat(43) }
  assert.equal((await askAsGate(plan, { ...request, headers })).status, 403)
  assert.notEqual(await lapsesAt(), undefined)
})

stackTest(
  'while answers run, their slots are renewed, and are back if Redis has lost them',
  async ({ plan }) => {
    const runs = await Promise.all(
      Array.from({ length: 3 }, () => admitted(plan, 'standin: stall=2 delay=0')),
    )
    const streams = await Promise.all(
      runs.map(async ({ request }) => readEvents(await openAsGate(plan, request))),
    )
    await Promise.all(streams.map(readFirstContent))
    const [one, two, three] = runs
    assert.ok(one && two && three)
    const before = Number(await one.lapsesAt())
    await withRedis(plan, (redis) => redis.del(two.key, three.key))
    await three.stop()
    await waitFor(async () => {
      for (const { lapsesAt } of [one, two]) {
        assert.ok(Number(await lapsesAt()) > before + SLOT_RENEW_MS / 2)
      }
    }, 2 * SLOT_RENEW_MS)
    for (const { key, lapsesAt } of [one, two]) {
      const left = Number(await lapsesAt()) - Date.now()
      assert.ok(left > 0 && left < SLOT_LEASE_SECONDS * 1000 + 1000, `lapses in ${left} ms`)
      const ttl = await withRedis(plan, (redis) => redis.ttl(key))
      assert.ok(ttl > 0 && ttl <= SLOT_LEASE_SECONDS, `TTL ${ttl}`)
    }
    assert.equal(await three.lapsesAt(), undefined, 'an answer that has ended takes no slot')
    await Promise.all([one.stop(), two.stop()])
  },
)
