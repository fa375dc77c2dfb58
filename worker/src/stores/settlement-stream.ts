/** The first spool of settlements: a Redis stream that every worker may work off. */

import type { Redis } from 'ioredis'
import { z } from 'zod'
import { SETTLEMENT_SPOOL } from '#contract/redis-keys.ts'
import { viaRedis } from './redis.ts'

export interface SpooledText {
  /** Names the entry in its spool. */
  readonly id: string
  readonly text: string
}

/** Every call throws `Failure('session_store_unavailable')` if Redis is away. */
export interface SettlementStream {
  /** Returns false if there is no room for it. */
  add(text: string): Promise<boolean>
  /** Returns the oldest entries, at most some. */
  read(): Promise<readonly SpooledText[]>
  remove(id: string): Promise<void>
}

/** Together 32 MB, an eighth of what Redis may use unless set otherwise: sessions come first. */
const MAX_ENTRIES = 2000
const MAX_ENTRY_BYTES = 16 * 1024

const FIELD = 'settlement'
const BATCH = 20

/** Id and fields: name, value. */
const Entries = z.array(z.tuple([z.string(), z.array(z.string())]))

export function createSettlementStream(redis: Redis): SettlementStream {
  return {
    async add(text) {
      if (Buffer.byteLength(text) > MAX_ENTRY_BYTES) return false
      if ((await viaRedis(redis.xlen(SETTLEMENT_SPOOL))) >= MAX_ENTRIES) return false
      await viaRedis(redis.xadd(SETTLEMENT_SPOOL, '*', FIELD, text))
      return true
    },
    async read() {
      const reply = await viaRedis(redis.xrange(SETTLEMENT_SPOOL, '-', '+', 'COUNT', BATCH))
      // Without our field it is not from a worker, and its whole content no settlement.
      return Entries.parse(reply).map(([id, [name, ...values]]) => ({
        id,
        text: name === FIELD ? values.join('') : [name, ...values].join(' '),
      }))
    },
    async remove(id) {
      await viaRedis(redis.xdel(SETTLEMENT_SPOOL, id))
    },
  }
}
