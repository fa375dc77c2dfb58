/** Log records while Redis is dead, frozen or full: kept, then stored once each; what is lost is counted. */

import assert from 'node:assert/strict'
import { after } from 'node:test'
import type { Plan } from '../../scripts/stack/plan.ts'
import { waitFor } from '../../scripts/stack/readiness.ts'
import { LogLoad } from '../support/log-load.ts'
import { awaitMetric, readMetrics } from '../support/metrics.ts'
import { NginxLog } from '../support/nginx-log.ts'
import { type OutsideServer, outsideRedis } from '../support/outside-server.ts'
import { drainLogs } from '../support/proxy-log.ts'
import { withRedis } from '../support/redis.ts'
import { useStack } from '../support/test-stack.ts'

let redis: OutsideServer
const { stackTest } = useStack(async () => {
  redis = await outsideRedis()
  return { GATE_FLOOD: 'off', ...redis.settings }
})
after(() => redis?.remove())

const SETTLED_MS = 30_000
/** Their records take more than the queue has: 8 MB. */
const REQUESTS = 6000
const QUEUED = 'chatgate_gate_log_queued'
const DROPPED = 'chatgate_gate_log_dropped_total'

/** What nginx says of each try, and the gate of each change. */
const PROVOKES =
  /redis\.sock|(?:recv|send|writev)\(\) failed|gate: (?:Redis|log records|the queue|there is room)/

const AWAY = /gate: Redis is away/
const KEPT = /gate: log records are kept/
const TAKEN = /gate: Redis takes log records again/
const FULL = /gate: the queue of log records is full/
const ROOM = /gate: there is room for log records again/

interface Outage {
  begin(): Promise<void>
  end(): Promise<void>
}

const OUTAGES: Readonly<Record<string, Outage>> = {
  killed: { begin: () => redis.kill(), end: () => redis.start() },
  frozen: { begin: async () => redis.freeze(), end: async () => redis.thaw() },
}

/** Runs `work` while Redis is away, and has it back whatever comes of it. */
async function during(outage: Outage, work: () => Promise<void>): Promise<void> {
  await outage.begin()
  try {
    await work()
  } finally {
    await outage.end()
  }
}

async function limitMemory(plan: Plan, bytes: string): Promise<void> {
  await withRedis(plan, (client) => client.config('SET', 'maxmemory', bytes))
}

async function droppedSoFar(plan: Plan): Promise<number> {
  return (await readMetrics(plan)).sum(DROPPED)
}

for (const [how, outage] of Object.entries(OUTAGES)) {
  stackTest(
    `Redis ${how}: records wait in nginx, and every request has one row in the end`,
    async ({ plan }) => {
      const load = new LogLoad(plan)
      const log = new NginxLog(plan)
      const dropped = await droppedSoFar(plan)
      await load.send(100)
      await during(outage, async () => {
        await load.send(300)
        await log.line(KEPT)
        // Several calls have failed by then, and all records are still there.
        await log.line(AWAY)
        await load.send(50)
        assert.ok((await readMetrics(plan)).sum(QUEUED) >= 350, 'records are not all queued')
      })
      await load.send(100)
      await load.stored()
      await awaitMetric(plan, QUEUED, 0)
      assert.equal(await droppedSoFar(plan), dropped)
      assert.equal(log.lines(KEPT).length, 1)
      assert.equal(log.lines(TAKEN).length, 1)
      assert.equal(log.lines(FULL).length, 0)
    },
    { provokes: PROVOKES },
  )

  stackTest(
    `Redis ${how} for so long that the queue is full: rows and counted drops are all requests`,
    async ({ plan }) => {
      const load = new LogLoad(plan)
      const log = new NginxLog(plan)
      const before = await droppedSoFar(plan)
      await during(outage, () => load.send(REQUESTS, `/${'long'.repeat(125)}`))
      const dropped = (await droppedSoFar(plan)) - before
      assert.ok(dropped > 500 && dropped < REQUESTS - 500, `${dropped} dropped`)
      await waitFor(async () => assert.equal((await load.rows()) + dropped, REQUESTS), SETTLED_MS)
      await drainLogs(plan)
      assert.equal((await load.rows()) + dropped, REQUESTS)
      assert.equal((await droppedSoFar(plan)) - before, dropped)
      assert.equal(log.lines(FULL).length, 1)
      assert.match(await log.line(ROOM), new RegExp(` ${dropped} were dropped`))
      assert.deepEqual(log.lines(/no memory|\[crit\].*gate_log/), [])
    },
    { provokes: PROVOKES },
  )
}

stackTest(
  'Redis without memory: records wait, and go on when there is some',
  async ({ plan }) => {
    const load = new LogLoad(plan)
    const log = new NginxLog(plan)
    const full: Outage = {
      begin: () => limitMemory(plan, '1'),
      end: () => limitMemory(plan, '256mb'),
    }
    await during(full, async () => {
      await load.send(200)
      assert.match(await log.line(KEPT), /OOM/)
    })
    await load.stored()
    await log.line(TAKEN)
  },
  { provokes: PROVOKES },
)
