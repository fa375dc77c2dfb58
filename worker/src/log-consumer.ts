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
    let claimedAt = now()
    while (!stopping.signal.aborted) {
      if (now() - claimedAt >= CLAIM_EVERY_MS) {
        await handleAll(await stream.claimAbandoned())
        claimedAt = now()
      }
      await handleAll(await stream.readNew())
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
    await stream.finish(id, dead)
  }

  /** Returns the lines that cannot be stored. */
  async function storeBatch(batch: string): Promise<readonly RejectedLine[]> {
    const { records, rejected } = parseLogBatch(batch, now())
    const refused = await untilStored(() => insertAll(records))
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

  /** Stores all records at once, or one by one if MySQL refuses a value among them. */
  async function insertAll(records: readonly LogRecord[]): Promise<readonly RejectedLine[]> {
    try {
      await proxyLogs.insert(records)
      return []
    } catch (error) {
      if (!isDataError(error)) throw error
    }
    const refused: RejectedLine[] = []
    for (const record of records) {
      try {
        await proxyLogs.insert([record])
      } catch (error) {
        if (!isDataError(error)) throw error
        refused.push({ line: JSON.stringify(record), reason: 'refused by MySQL' })
      }
    }
    return refused
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
