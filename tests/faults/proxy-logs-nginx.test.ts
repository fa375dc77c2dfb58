/** Log records while nginx is reloaded, stopped and started: one row for each request. */

import assert from 'node:assert/strict'
import { after } from 'node:test'
import { waitFor } from '../../scripts/stack/readiness.ts'
import { LogLoad } from '../support/log-load.ts'
import { awaitMetric, readMetrics } from '../support/metrics.ts'
import { nginxProcesses } from '../support/nginx-edit.ts'
import { type OutsideServer, outsideRedis } from '../support/outside-server.ts'
import { signalPart, successorOf } from '../support/processes.ts'
import { drainLogs } from '../support/proxy-log.ts'
import { type TestStack, useStack } from '../support/test-stack.ts'

let redis: OutsideServer
const { stackTest } = useStack(async () => {
  redis = await outsideRedis()
  return { GATE_FLOOD: 'off', ...redis.settings }
})
after(() => redis?.remove())

const TAKEN_OVER_MS = 15_000
const QUEUED = 'chatgate_gate_log_queued'
const DROPPED = 'chatgate_gate_log_dropped_total'
const PROVOKES =
  /redis\.sock|(?:recv|send|writev)\(\) failed|gate: (?:Redis|log records|the queue|there is room)/

/** Twice in a row nginx may be later than the tenth of a second it gives itself: no record is lost. */
const LATE = /gate: (?:log records are kept until|Redis takes log records again)/

async function reloadsUnderLoad({ plan }: TestStack): Promise<void> {
  const load = new LogLoad(plan)
  const processes = nginxProcesses(plan).length
  const reloads = async () => {
    for (let count = 0; count < 4; count++) {
      const before = nginxProcesses(plan)
      signalPart(plan, 'nginx', 'SIGHUP')
      await waitFor(async () => {
        const isNew = nginxProcesses(plan).some((pid) => !before.includes(pid))
        assert.ok(isNew, 'nginx has no new process yet')
      }, TAKEN_OVER_MS)
      await load.more(50)
    }
  }
  await load.sendUntil(reloads())
  assert.ok(load.ids.length > 100, `${load.ids.length} requests`)
  await load.stored()
  await drainLogs(plan)
  await load.stored()
  assert.equal((await readMetrics(plan)).sum(DROPPED), 0)
  // One that is still going hangs up on whoever has connected and not asked yet, such as the next test.
  await waitFor(async () => assert.equal(nginxProcesses(plan).length, processes), TAKEN_OVER_MS)
}

stackTest('reloads under load lose no record and double none', reloadsUnderLoad, { provokes: LATE })

stackTest(
  'records that wait when nginx stops are stored when it has started again',
  async ({ plan }) => {
    const load = new LogLoad(plan)
    redis.freeze()
    try {
      await load.send(500)
      assert.ok((await readMetrics(plan)).sum(QUEUED) >= 500, 'records are not all queued')
      const stopped = signalPart(plan, 'nginx', 'SIGQUIT')
      await successorOf(plan, 'nginx', stopped)
      await waitFor(async () => {
        assert.ok((await readMetrics(plan)).sum(QUEUED) >= 500, 'records are not all queued')
      }, TAKEN_OVER_MS)
    } finally {
      redis.thaw()
    }
    await load.stored()
    await awaitMetric(plan, QUEUED, 0)
    assert.equal(await load.rows(), 500)
  },
  { provokes: PROVOKES },
)

stackTest(
  'a queue that is full survives a stop as it is',
  async ({ plan }) => {
    const load = new LogLoad(plan)
    redis.freeze()
    let dropped: number
    try {
      await load.send(6000, `/${'long'.repeat(125)}`)
      dropped = (await readMetrics(plan)).sum(DROPPED)
      assert.ok(dropped > 500, `${dropped} dropped`)
      await successorOf(plan, 'nginx', signalPart(plan, 'nginx', 'SIGQUIT'))
    } finally {
      redis.thaw()
    }
    await waitFor(async () => assert.equal((await load.rows()) + dropped, 6000), 30_000)
    await drainLogs(plan)
    assert.equal((await load.rows()) + dropped, 6000)
  },
  { provokes: PROVOKES },
)
