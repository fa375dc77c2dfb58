/** Moves proxy log records from the Redis stream to MySQL, at least once each. */

import { setTimeout as sleep } from 'node:timers/promises'
import type { Logger } from 'pino'
import type { LogRecord } from '#contract/log-record.ts'
import { backoffMs } from './domain/backoff.ts'
import { parseLogBatch, type RejectedLine } from './domain/log-batch.ts'
import { createStateLog } from './state-log.ts'
import { isDataError } from './stores/mysql-errors.ts'
import type { LogEntry, LogStream } from './stores/proxy-log-stream.ts'
import type { ProxyLogs } from './stores/proxy-logs.ts'

/** An entry that was handed out more often brought somebody down each time. */
const MAX_DELIVERIES = 5
const CLAIM_EVERY_MS = 30_000

export interface LogConsumerDeps {
  readonly stream: LogStream
  readonly proxyLogs: Pick<ProxyLogs, 'insert'>
  readonly log: Logger
  /** Unix milliseconds. */
  readonly now: () => number
}

export interface LogConsumer {
  /** Resolves when the entry in hand is stored or left for later; nothing is read any more. */
  stop(): Promise<void>
}

/** Starts consuming. Neither Redis nor MySQL has to be there; both are waited for. */
export function startLogConsumer({ stream, proxyLogs, log, now }: LogConsumerDeps): LogConsumer {
  const stopping = new AbortController()
  const source = createStateLog(log, 'proxy log stream')
  const sink = createStateLog(log, 'proxy log table')

  async function run(): Promise<void> {
    let failures = 0
    while (!stopping.signal.aborted) {
      try {
        await stream.prepare()
        await finishOwn()
        source.up()
        failures = 0
        await consume()
      } catch (error) {
        if (stopping.signal.aborted) return
        source.down(error)
        failures += 1
        await pause(backoffMs(failures))
      }
    }
  }

  /** What was in hand when the worker, or its connection, was lost. */
  async function finishOwn(): Promise<void> {
    while (!stopping.signal.aborted) {
      const entries = await stream.readOwn()
      if (entries.length === 0) return
      await handleAll(entries)
    }
  }

  async function consume(): Promise<void> {
    // At once, too: this worker may stand in for one that was lost.
    let claimedAt = Number.NEGATIVE_INFINITY
    while (!stopping.signal.aborted) {
      if (now() - claimedAt >= CLAIM_EVERY_MS) {
        await finishAbandoned()
        claimedAt = now()
      }
      await handleAll(await stream.readNew())
    }
  }

  /** What was in hand when another worker was lost for good. */
  async function finishAbandoned(): Promise<void> {
    while (!stopping.signal.aborted) {
      const entries = await stream.claimAbandoned()
      if (entries.length === 0) return
      await handleAll(entries)
    }
  }

  async function handleAll(entries: readonly LogEntry[]): Promise<void> {
    for (const entry of entries) {
      if (stopping.signal.aborted) return
      await handle(entry)
    }
  }

  async function handle(entry: LogEntry): Promise<void> {
    const { id, batch, deliveries } = entry
    if (batch === undefined) {
      log.warn({ entry: id }, 'proxy log batch lost: trimmed before it was stored')
      await stream.finish(id, [])
      return
    }
    const dead =
      deliveries > MAX_DELIVERIES
        ? batch.split('\n').map((line) => ({ line, reason: `delivered ${deliveries} times` }))
        : await storeBatch(batch)
    if (dead.length > 0) {
      const [first] = dead
      log.warn({ entry: id, lines: dead.length, reason: first?.reason }, 'proxy log lines refused')
    }
    const isKept = await stream.finish(id, dead)
    if (!isKept) log.error({ entry: id, lines: dead.length }, 'proxy log lines lost: Redis is full')
  }

  /** Returns the lines that cannot be stored. */
  async function storeBatch(batch: string): Promise<readonly RejectedLine[]> {
    const { records, rejected } = parseLogBatch(batch, now())
    const refused = await untilStored(() => insert(records))
    return [...rejected, ...refused]
  }

  /** Repeats `work` while MySQL is away. The entry stays unacknowledged in the meantime. */
  async function untilStored<T>(work: () => Promise<T>): Promise<T> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        const result = await work()
        sink.up()
        return result
      } catch (error) {
        sink.down(error)
        await pause(backoffMs(attempt))
        // The entry is left to the next start.
        stopping.signal.throwIfAborted()
      }
    }
  }

  /** Stores what MySQL takes: halves a batch that it refuses, until the bad records stand alone. */
  async function insert(records: readonly LogRecord[]): Promise<readonly RejectedLine[]> {
    try {
      await proxyLogs.insert(records)
      return []
    } catch (error) {
      if (!isDataError(error)) throw error
      const [record] = records
      if (records.length === 1) return [{ line: JSON.stringify(record), reason: String(error) }]
    }
    const half = records.length >> 1
    return [...(await insert(records.slice(0, half))), ...(await insert(records.slice(half)))]
  }

  /** Waits, or returns early when stopping. */
  async function pause(ms: number): Promise<void> {
    await sleep(ms, undefined, { signal: stopping.signal }).catch(() => {})
  }

  const running = run()
  return {
    async stop() {
      stopping.abort()
      stream.close()
      await running
    },
  }
}
