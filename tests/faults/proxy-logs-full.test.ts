/** A log stream that has reached its share of Redis: the gate keeps its records until there is room. */

import assert from 'node:assert/strict'
import { after } from 'node:test'
import { LOG_BATCH_FIELD } from '#contract/log-record.ts'
import { PROXY_LOG_STREAM } from '#contract/redis-keys.ts'
import { LogLoad } from '../support/log-load.ts'
import { awaitMetric, readMetrics } from '../support/metrics.ts'
import { NginxLog } from '../support/nginx-log.ts'
import { type OutsideServer, outsideRedis } from '../support/outside-server.ts'
import { signalPart } from '../support/processes.ts'
import { withRedis } from '../support/redis.ts'
import { useStack } from '../support/test-stack.ts'

let redis: OutsideServer
const { stackTest } = useStack(async () => {
  redis = await outsideRedis()
  return { GATE_FLOOD: 'off', ...redis.settings }
})
after(() => redis?.remove())

const QUEUED = 'chatgate_gate_log_queued'
const MEGABYTE = 1024 * 1024

stackTest(
  'the stream takes a quarter of Redis and no more; records wait until the worker has caught up',
  async ({ plan }) => {
    const load = new LogLoad(plan)
    const log = new NginxLog(plan)
    const worker = signalPart(plan, 'worker', 'SIGSTOP')
    const small = Array.from({ length: 200 }, () => '\n')
    // Empty lines, which are nothing to the worker. Many small entries come first: an estimate of the
    // stream's size from its beginning would be far too small.
    const large = Array.from({ length: 10 }, () => '\n'.repeat(MEGABYTE))
    const used = await withRedis(plan, async (client) => {
      await client.config('SET', 'maxmemory', String(40 * MEGABYTE))
      for (const text of [...small, ...large]) {
        await client.xadd(PROXY_LOG_STREAM, '*', LOG_BATCH_FIELD, text)
      }
      return await client.memory('USAGE', PROXY_LOG_STREAM, 'SAMPLES', 0)
    })
    assert.ok(Number(used) > 10 * MEGABYTE, `${used} bytes`)
    try {
      await load.send(300)
      assert.match(await log.line(/gate: log records are kept/), /the log stream is full/)
      await withRedis(plan, async (client) => {
        assert.equal(await client.xlen(PROXY_LOG_STREAM), small.length + large.length)
      })
      assert.ok((await readMetrics(plan)).sum(QUEUED) >= 300, 'records are not all queued')
    } finally {
      process.kill(worker.pid, 'SIGCONT')
    }
    await load.stored()
    await awaitMetric(plan, QUEUED, 0)
    await log.line(/gate: Redis takes log records again/)
    assert.equal(log.lines(/gate: log records are kept/).length, 1)
  },
  { provokes: /gate: (?:log records|Redis takes)/ },
)
