/** The Redis stream between the gates and MySQL, as one consumer of the group sees it. */

import type { Redis } from 'ioredis'
import { z } from 'zod'
import { LOG_BATCH_FIELD } from '#contract/log-record.ts'
import { PROXY_LOG_DEAD, PROXY_LOG_GROUP, PROXY_LOG_STREAM } from '#contract/redis-keys.ts'
import type { RejectedLine } from '../domain/log-batch.ts'

export interface LogEntry {
  readonly id: string
  /** Lines of JSON; undefined if the stream was trimmed before the entry could be stored. */
  readonly batch: string | undefined
  /** How often the entry was handed to a consumer, this time included. */
  readonly deliveries: number
}

/** Every call rejects if Redis is away. */
export interface LogStream {
  /** Makes the consumer group unless it is there. */
  prepare(): Promise<void>
  /** Returns entries that this consumer was given before and did not finish. */
  readOwn(): Promise<readonly LogEntry[]>
  /** Returns entries that no consumer was given yet; waits up to two seconds for some. */
  readNew(): Promise<readonly LogEntry[]>
  /** Takes over some entries that another consumer, gone since, left unfinished for a minute. */
  claimAbandoned(): Promise<readonly LogEntry[]>
  /**
   * Removes an entry for good, keeping the lines that could not be stored for a person to see.
   * Returns false if Redis had no memory for these.
   */
  finish(id: string, dead: readonly RejectedLine[]): Promise<boolean>
  /** Ends a readNew that is waiting. */
  close(): void
}

const COUNT = 20
const BLOCK_MS = 2000
const ABANDONED_MS = 60_000
const DEAD_MAX_ENTRIES = 1000
const DEAD_LINE_CHARS = 4096

/** Fields of an entry: name, value, name, value …; null when only its id is left. */
const Fields = z.array(z.string()).nullable()
const Entries = z.array(z.tuple([z.string(), Fields]))
const ReadReply = z
  .array(z.tuple([z.string(), Entries]))
  .nullable()
  .transform((streams) => streams?.[0]?.[1] ?? [])
/** Position, claimed entries, ids that no longer exist. */
const ClaimReply = z.tuple([z.string(), Entries, z.array(z.string())])
/** Id, consumer, idle ms, deliveries. */
const PendingReply = z.array(z.tuple([z.string(), z.string(), z.number(), z.number()]))

type Entries = z.infer<typeof Entries>

/** @param consumer name of this worker, the same after a restart, so that it finds its own entries */
export function createLogStream(redis: Redis, reader: Redis, consumer: string): LogStream {
  const group = ['GROUP', PROXY_LOG_GROUP, consumer] as const

  /** Adds the delivery counts, which only XPENDING tells. */
  async function counted(entries: Entries): Promise<LogEntry[]> {
    const [first] = entries.at(0) ?? []
    const [last] = entries.at(-1) ?? []
    if (first === undefined || last === undefined) return []
    const reply = await redis.xpending(
      PROXY_LOG_STREAM,
      PROXY_LOG_GROUP,
      first,
      last,
      COUNT,
      consumer,
    )
    const deliveries = new Map(PendingReply.parse(reply).map(([id, , , count]) => [id, count]))
    return entries.map((entry) => toEntry(entry, deliveries.get(entry[0]) ?? 1))
  }

  async function removeEntry(id: string, dead: readonly RejectedLine[]): Promise<void> {
    const transaction = redis.multi()
    for (const { line, reason } of dead) {
      const letter = ['entry', id, 'reason', reason, 'line', line.slice(0, DEAD_LINE_CHARS)]
      transaction.xadd(PROXY_LOG_DEAD, 'MAXLEN', '~', DEAD_MAX_ENTRIES, '*', ...letter)
    }
    transaction.xack(PROXY_LOG_STREAM, PROXY_LOG_GROUP, id)
    transaction.xdel(PROXY_LOG_STREAM, id)
    for (const [error] of (await transaction.exec()) ?? []) {
      if (error) throw error
    }
  }

  return {
    async prepare() {
      try {
        await redis.xgroup('CREATE', PROXY_LOG_STREAM, PROXY_LOG_GROUP, '0', 'MKSTREAM')
      } catch (error) {
        const exists = error instanceof Error && error.message.startsWith('BUSYGROUP')
        if (!exists) throw error
      }
    },

    // One at a time: each reading counts as a delivery of all that it returns.
    async readOwn() {
      const reply = await redis.xreadgroup(...group, 'COUNT', 1, 'STREAMS', PROXY_LOG_STREAM, '0')
      return await counted(ReadReply.parse(reply))
    },

    async readNew() {
      const reply = await reader.xreadgroup(
        ...group,
        'COUNT',
        COUNT,
        'BLOCK',
        BLOCK_MS,
        'STREAMS',
        PROXY_LOG_STREAM,
        '>',
      )
      return ReadReply.parse(reply).map((entry) => toEntry(entry, 1))
    },

    async claimAbandoned() {
      const reply = await redis.xautoclaim(
        PROXY_LOG_STREAM,
        PROXY_LOG_GROUP,
        consumer,
        ABANDONED_MS,
        '0',
        'COUNT',
        COUNT,
      )
      const [, entries, lostIds] = ClaimReply.parse(reply)
      const lost = lostIds.map((id) => ({ id, batch: undefined, deliveries: 1 }))
      return [...(await counted(entries)), ...lost]
    },

    async finish(id, dead) {
      try {
        await removeEntry(id, dead)
        return true
      } catch (error) {
        if (dead.length === 0 || !isOutOfMemory(error)) throw error
      }
      // Removing needs no memory, and one bad line must not hold up all that come after it.
      await removeEntry(id, [])
      return false
    },

    close: () => reader.disconnect(),
  }
}

/** Returns the connection for readNew: its only command may take as long as it blocks. */
export function createLogReader(redis: Redis): Redis {
  return redis.duplicate({ commandTimeout: BLOCK_MS + 1000 })
}

/** A command refused while a transaction is put together makes Redis discard the transaction. */
function isOutOfMemory(error: unknown): boolean {
  return error instanceof Error && /^(?:OOM|EXECABORT) /.test(error.message)
}

function toEntry([id, fields]: Entries[number], deliveries: number): LogEntry {
  if (fields === null) return { id, batch: undefined, deliveries }
  const index = fields.findIndex((name, at) => at % 2 === 0 && name === LOG_BATCH_FIELD)
  // An entry without the field is not from a gate; its whole content becomes one bad line.
  const batch = index === -1 ? fields.join(' ') : fields[index + 1]
  return { id, batch: batch ?? '', deliveries }
}
