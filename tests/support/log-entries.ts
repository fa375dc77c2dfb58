/** Entries of the stream of log records, as a test puts them there or hands them about. */

import assert from 'node:assert/strict'
import { PROXY_LOG_GROUP, PROXY_LOG_STREAM } from '#contract/redis-keys.ts'
import type { Plan } from '../../scripts/stack/plan.ts'
import { waitFor } from '../../scripts/stack/readiness.ts'
import { signalPart, successorOf } from './processes.ts'
import { withRedis } from './redis.ts'

const DONE_MS = 20_000
/** A consumer that will never come back. */
const LOST = 'lost'
/** After a minute an entry is taken over. */
const LONG_AGO_MS = 61_000

/** Adds an entry with these fields and returns its id. */
export async function addEntry(plan: Plan, ...fields: (string | Buffer)[]): Promise<string> {
  const id = await withRedis(plan, (redis) => redis.xadd(PROXY_LOG_STREAM, '*', ...fields))
  assert.ok(id !== null)
  return id
}

/** Returns the ids of the entries that were handed out and are not acknowledged. */
export async function openEntries(plan: Plan): Promise<readonly string[]> {
  const open = await withRedis(plan, (redis) =>
    redis.xpending(PROXY_LOG_STREAM, PROXY_LOG_GROUP, '-', '+', 1000),
  )
  return (open as [string][]).map(([id]) => id)
}

/** Resolves when the stream is empty and everything is acknowledged. */
export async function streamIsEmpty(plan: Plan): Promise<void> {
  await waitFor(async () => {
    assert.deepEqual(await openEntries(plan), [])
    assert.equal(await withRedis(plan, (redis) => redis.xlen(PROXY_LOG_STREAM)), 0)
  }, DONE_MS)
}

/**
 * Runs `work` while the worker stands still; then whatever is on the stream counts as handed to a
 * worker that was lost more than a minute ago, the worker is killed and another one started.
 * @param deliveries how often an entry counts as handed out, by id; once where nothing is said
 */
export async function loseWorker(
  plan: Plan,
  work: () => Promise<void>,
  deliveries: () => Readonly<Record<string, number>> = () => ({}),
): Promise<void> {
  const worker = signalPart(plan, 'worker', 'SIGSTOP')
  try {
    await work()
    await waitFor(
      async () => assert.ok((await handOut(plan)).length > 0, 'nothing was handed out yet'),
      DONE_MS,
    )
    for (const id of await openEntries(plan)) {
      const claim = [PROXY_LOG_STREAM, PROXY_LOG_GROUP, LOST, 0, id, 'IDLE', LONG_AGO_MS] as const
      const count = deliveries()[id] ?? 1
      await withRedis(plan, (redis) => redis.xclaim(...claim, 'RETRYCOUNT', count))
    }
  } finally {
    process.kill(worker.pid, 'SIGKILL')
  }
  await successorOf(plan, 'worker', worker)
}

/** Redis may have handed some to the worker already, which was waiting for it when it was stopped. */
async function handOut(plan: Plan): Promise<readonly string[]> {
  const group = ['GROUP', PROXY_LOG_GROUP, LOST] as const
  await withRedis(plan, (redis) =>
    redis.xreadgroup(...group, 'COUNT', 1000, 'STREAMS', PROXY_LOG_STREAM, '>'),
  )
  return await openEntries(plan)
}
