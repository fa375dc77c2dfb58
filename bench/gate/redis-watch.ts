/** What Redis was asked, and what of the log reached it. */

import type { Redis } from 'ioredis'
import { PROXY_LOG_STREAM } from '#contract/redis-keys.ts'

/**
 * Commands that answer nobody's request: this side's own, those that open a connection, and the PING by
 * which the gate looks after Redis once a second, asked or not.
 */
const OTHERS = new Set([
  'info',
  'config|resetstat',
  'auth',
  'hello',
  'client|setinfo',
  'client|setname',
  'ping',
])

/** Forgets what was counted so far. */
export async function resetCalls(redis: Redis): Promise<void> {
  await redis.config('RESETSTAT')
}

/** How often each command was called, by its name. */
export type Calls = Readonly<Record<string, number>>

/** Returns what Redis was asked on behalf of requests, or to deliver records, since `resetCalls`. */
export async function callsSince(redis: Redis): Promise<Calls> {
  const lines = (await redis.info('commandstats')).split('\r\n')
  const counts = lines.flatMap((line) => {
    const [, name = '', calls = ''] = /^cmdstat_([^:]+):calls=(\d+)/.exec(line) ?? []
    return name === '' || OTHERS.has(name) ? [] : [[name, Number(calls)] as const]
  })
  return Object.fromEntries(counts)
}

/** What arrived in the log stream. */
export interface Delivered {
  readonly batches: number
  readonly records: number
  /** Different request ids among them. */
  readonly requests: number
}

const PAGE = 500

/** Takes all records out of the stream, as the worker would, and counts them. */
export class LogReader {
  readonly #redis: Redis
  readonly #ids = new Set<string>()
  #batches = 0
  #records = 0

  constructor(redis: Redis) {
    this.#redis = redis
  }

  /** Reads what is there now. */
  async read(): Promise<Delivered> {
    while (true) {
      const entries = await this.#redis.xrange(PROXY_LOG_STREAM, '-', '+', 'COUNT', PAGE)
      if (entries.length === 0) return this.#delivered()
      for (const [, fields] of entries) this.#count(fields[1] ?? '')
      await this.#redis.xdel(PROXY_LOG_STREAM, ...entries.map(([id]) => id))
    }
  }

  #count(batch: string): void {
    this.#batches += 1
    for (const [, id = ''] of batch.matchAll(/"id":"([0-9a-f]{32})"/g)) {
      this.#records += 1
      this.#ids.add(id)
    }
  }

  #delivered(): Delivered {
    return { batches: this.#batches, records: this.#records, requests: this.#ids.size }
  }
}
