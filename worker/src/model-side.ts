/** Puts the model side together: keys, prices, models, turns and the generations that run. */

import { setTimeout as delay } from 'node:timers/promises'
import type { Redis } from 'ioredis'
import type { Logger } from 'pino'
import { createGenerations, type Generations } from './domain/generations.ts'
import { createStreamSlots, type StreamSlots } from './domain/stream-slots.ts'
import type { WorkerEnv } from './env.ts'
import { type ApiKeys, createApiKeys } from './stores/api-keys.ts'
import type { Database } from './stores/mysql.ts'
import { createPrices, type Prices } from './stores/prices.ts'
import { createSlotStore } from './stores/slots.ts'
import { createTurns, type Turns } from './stores/turns.ts'
import { createDeepSeek, type Upstream } from './upstream/deepseek.ts'
import { createModelCatalog, type ModelCatalog } from './upstream/model-catalog.ts'

export interface ModelSide {
  /** `prepare` is to be called before the first request. */
  readonly keys: ApiKeys
  readonly prices: Prices
  readonly models: ModelCatalog
  readonly turns: Turns
  /** `shutdown` is to be called before the database is closed. */
  readonly generations: Generations
  readonly slots: StreamSlots
  readonly upstream: Upstream
}

export interface ModelSideDeps {
  readonly env: WorkerEnv
  readonly log: Logger
  readonly db: Database
  readonly redis: Redis
  /** Name of this worker in token_usage. */
  readonly workerId: string
  /** Unix milliseconds. */
  readonly now: () => number
}

export function createModelSide(deps: ModelSideDeps): ModelSide {
  const { env, log, db, redis, workerId, now } = deps
  const upstream = createDeepSeek()
  const keys = createApiKeys({ env, db, log, now, random: Math.random })
  const turns = createTurns(db, workerId, now)
  const slots = createStreamSlots(createSlotStore(redis), log)
  const generations = createGenerations({
    slots,
    call: (key, turn, signal) => upstream.chat(key, turn.call, signal),
    store: turns.finish,
    now,
    // Nothing of this may keep the process alive.
    sleep: (ms) => delay(ms, undefined, { ref: false }),
    log,
  })
  return {
    keys,
    prices: createPrices(db, log, now),
    models: createModelCatalog({ keys, upstream, log, now }),
    turns,
    generations,
    slots,
    upstream,
  }
}
