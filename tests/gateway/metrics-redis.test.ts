/** What the metrics say while Redis is away, and whether Server-Timing says the same. */

import assert from 'node:assert/strict'
import { after } from 'node:test'
import type { Plan } from '../../scripts/stack/plan.ts'
import { waitFor } from '../../scripts/stack/readiness.ts'
import { signedIn } from '../support/accounts.ts'
import { readFirstContent, startChat } from '../support/chat.ts'
import { type Answer, Client } from '../support/client.ts'
import { awaitMetric, increase, readMetrics } from '../support/metrics.ts'
import { type OutsideServer, outsideRedis } from '../support/outside-server.ts'
import { ROOMY } from '../support/own-stack.ts'
import { awaitReadiness } from '../support/ready.ts'
import { useStack } from '../support/test-stack.ts'

let redis: OutsideServer
const { stackTest } = useStack(async () => {
  redis = await outsideRedis()
  return { ...ROOMY, ...redis.settings, GATE_SERVER_TIMING: 'on' }
})
after(() => redis?.remove())

/** Longer than anything here takes on a slow machine, ms. */
const PATIENCE_MS = 15_000

const UP = 'chatgate_gate_redis_up'
const STREAMS = 'chatgate_gate_active_streams'
const DECISIONS = 'chatgate_gate_decisions_total'

/** nginx says that Redis does not answer. */
const PROVOKES =
  /gate: (?:Redis|log records)|\/_redis|redis\.sock|bridge|(recv|send|writev|connect)\(\) failed/

function chat(client: Client): Promise<Answer> {
  const body = { message: 'standin: text=hi delay=0', stream: false }
  return client.send('/api/chat', { body })
}

/** Returns the gate's own time in ms and what its decision rests on. */
function timingOf(answer: Answer): { readonly ms: number; readonly source: string } {
  const header = String(answer.headers['server-timing'])
  const [, ms, source = ''] = /^gate;dur=(\d+);desc="([a-z]+)"$/.exec(header) ?? []
  assert.ok(ms !== undefined, header)
  return { ms: Number(ms), source }
}

const OUTAGES: Readonly<Record<string, { begin(): Promise<void>; end(): Promise<void> }>> = {
  killed: { begin: () => redis.kill(), end: () => redis.start() },
  frozen: { begin: async () => redis.freeze(), end: async () => redis.thaw() },
}

/** Resolves when gate and worker have Redis back. */
async function recovered(plan: Plan): Promise<void> {
  await awaitMetric(plan, UP, 1)
  await awaitReadiness(plan, { status: 'ready' })
}

for (const [how, outage] of Object.entries(OUTAGES)) {
  stackTest(
    `Redis ${how}: seen within seconds though nobody asks anything, and its return too`,
    async ({ plan }) => {
      const before = await readMetrics(plan)
      await outage.begin()
      await awaitMetric(plan, UP, 0)
      await outage.end()
      await recovered(plan)
      assert.deepEqual(increase(before, await readMetrics(plan), DECISIONS), {})
    },
    { provokes: PROVOKES },
  )
}

/** Runs while Redis is dead and the gate knows it. */
async function withoutRedis(plan: Plan, run: () => Promise<void>): Promise<void> {
  await redis.kill()
  try {
    await awaitMetric(plan, UP, 0)
    await run()
  } finally {
    await redis.start()
    await recovered(plan)
  }
}

stackTest(
  'without Redis it is told who was let in on what',
  async ({ plan }) => {
    const { client } = await signedIn(plan)
    const stranger = await signedIn(plan)
    assert.equal(timingOf(await chat(client)).source, 'redis')
    await withoutRedis(plan, async () => {
      await waitFor(async () => {
        assert.equal(timingOf(await client.send('/api/me')).source, 'stale')
      }, PATIENCE_MS)
      const before = await readMetrics(plan)
      const sources: string[] = []
      for (let count = 0; count < 6; count++) sources.push(timingOf(await chat(client)).source)
      assert.deepEqual(sources, ['stale', 'stale', 'stale', 'stale', 'local', 'memory'])
      assert.equal((await stranger.client.send('/api/me')).status, 503)
      const after = await readMetrics(plan)
      assert.deepEqual(increase(before, after, 'chatgate_gate_limit_total'), {
        'chat admitted local': 4,
        'chat refused local': 1,
        'chat refused memory': 1,
      })
      assert.deepEqual(increase(before, after, DECISIONS), {
        'allow stale': 4,
        'rate_limited local': 1,
        'rate_limited memory': 1,
        'session_store_unavailable own': 1,
      })
      // Known to be away, it is not asked.
      assert.deepEqual(increase(before, after, 'chatgate_gate_redis_calls_total'), {})
    })
  },
  { provokes: PROVOKES },
)

stackTest(
  'an answer that began without Redis is one of those that run',
  async ({ plan }) => {
    const { client } = await signedIn(plan)
    assert.equal((await client.send('/api/me')).status, 200)
    await withoutRedis(plan, async () => {
      const { events, response } = await startChat(client, 'standin: tokens=400 delay=50')
      await readFirstContent(events)
      await awaitMetric(plan, STREAMS, 1)
      response.destroy()
      await awaitMetric(plan, STREAMS, 0)
    })
  },
  { provokes: PROVOKES },
)

stackTest(
  'calls that failed are counted as such, with the time they took',
  async ({ plan }) => {
    const { client } = await signedIn(plan)
    const before = await readMetrics(plan)
    redis.freeze()
    const answer = await client.send('/api/me').finally(() => redis.thaw())
    const { ms } = timingOf(answer)
    assert.equal(answer.status, 503)
    assert.ok(ms >= 250, `the gate says it waited ${ms} ms`)
    const after = await readMetrics(plan)
    assert.equal(increase(before, after, 'chatgate_gate_redis_calls_total')['failed'], 1)
    const sum = 'chatgate_gate_redis_seconds_sum'
    assert.ok(after.sum(sum) - before.sum(sum) >= 0.25)
    await recovered(plan)
  },
  { provokes: PROVOKES },
)

stackTest('Server-Timing tells of refusals and redirects too', async ({ plan }) => {
  const { client } = await signedIn(plan)
  const stranger = new Client(plan)
  for (const [answer, status, sources] of [
    [await client.send('/api/me'), 200, ['redis', 'cache']],
    [await stranger.send('/api/me'), 401, ['own']],
    [await stranger.send('/chat'), 302, ['own']],
    [await client.send('/admin', { headers: { Accept: 'text/html' } }), 403, ['cache', 'redis']],
    [await stranger.send('/v1/models'), 401, ['own']],
  ] as const) {
    assert.equal(answer.status, status)
    const { ms, source } = timingOf(answer)
    assert.ok((sources as readonly string[]).includes(source), source)
    assert.ok(ms >= 0 && ms < 1000)
  }
  // Nobody decides about these.
  for (const path of ['/login', '/healthz', '/nowhere']) {
    assert.equal((await client.send(path)).headers['server-timing'], undefined, path)
  }
})
