/** Puts the model side together: keys, prices, models, turns and the generations that run. */

import { setTimeout as delay } from 'node:timers/promises'
import type { Redis } from 'ioredis'
import type { Logger } from 'pino'
import { type AnswerFinder, createAnswerFinder } from './answer-finder.ts'
import { createGenerations, type Generations } from './domain/generations.ts'
import { createStreamSlots, type StreamSlots } from './domain/stream-slots.ts'
import type { WorkerEnv } from './env.ts'
import { listenToWorkers } from './generation-news.ts'
import { createGenerationRelay } from './generation-relay.ts'
import { createQuotaSide, type QuotaSide } from './quota-side.ts'
import { createSettlementSide, type SettlementSide } from './settlement-side.ts'
import { type ApiKeys, createApiKeys } from './stores/api-keys.ts'
import { createEndedAnswers } from './stores/ended-answers.ts'
import { createGenerationStream } from './stores/generation-stream.ts'
import type { Database } from './stores/mysql.ts'
import { createPrices, type Prices } from './stores/prices.ts'
import { createSlotStore } from './stores/slots.ts'
import { createTurns, type Turns } from './stores/turns.ts'
import { createDeepSeek, type Upstream } from './upstream/deepseek.ts'
import { createKeyCheck, type KeyCheck } from './upstream/key-check.ts'
import { createKeyPool, type KeyPool } from './upstream/key-pool.ts'
import { createModelCatalog, type ModelCatalog } from './upstream/model-catalog.ts'
import { streamLimits } from './upstream/stream-watch.ts'

export interface ModelSide extends QuotaSide {
  /** `prepare` is to be called before the first request. */
  readonly keys: ApiKeys & KeyPool
  readonly keyCheck: KeyCheck
  readonly prices: Prices
  readonly models: ModelCatalog
  readonly turns: Turns
  /** `shutdown` is to be called before the database is closed. */
  readonly generations: Generations
  readonly answers: AnswerFinder
  readonly slots: StreamSlots
  readonly upstream: Upstream
  /** `prepare` is to be called before the first request. */
  readonly settlement: SettlementSide
}

export interface ModelSideDeps {
  readonly env: WorkerEnv
  readonly log: Logger
  readonly db: Database
  readonly redis: Redis
  /** A second connection, which only listens. */
  readonly subscriber: Redis
  /** workers.id: name and life of this worker. */
  readonly lifeId: string
  /** Unix milliseconds. */
  readonly now: () => number
}

export function createModelSide(deps: ModelSideDeps): ModelSide {
  const { env, log, db, redis, subscriber, lifeId, now } = deps
  const upstream = createDeepSeek(streamLimits(env.limits))
  const stored = createApiKeys({ env, db, log, now })
  const pool = createKeyPool({
    keys: stored,
    upstream,
    log,
    now,
    random: Math.random,
    sleep: (ms, signal) => delay(ms, undefined, { signal }),
  })
  const prices = createPrices(db, log, now)
  const stream = createGenerationStream(redis, env.limits.firstPayloadMs + env.limits.answerMs)
  const quotaSide = createQuotaSide({ env, db, redis, prices, log, now })
  const settlement = createSettlementSide({
    ...{ env, db, redis, log, now, prices },
    partials: stream,
    watch: quotaSide.quotas.watch,
    workerId: lifeId,
  })
  const { openCalls, settler } = settlement
  const turns = openCalls.watchBegin(createTurns(db, lifeId))
  const slots = createStreamSlots(createSlotStore(redis), log)
  const relay = createGenerationRelay({ stream, redis, workerId: lifeId, log })
  const generations = createGenerations({
    slots,
    onStart: relay.follow,
    call: (key, turn, signal) => pool.chat(key, turn.call, signal),
    store: openCalls.watchStore(settler.store),
    maxAnswerBytes: env.limits.answerBytes,
    now,
    // Nothing of this may keep the process alive.
    sleep: (ms) => delay(ms, undefined, { ref: false }),
    log,
  })
  const ended = createEndedAnswers(db)
  const news = listenToWorkers(subscriber, generations)
  return {
    keys: { ...stored, ...pool },
    keyCheck: createKeyCheck({ keys: stored, upstream, log, now }),
    prices,
    models: createModelCatalog({ keys: pool, upstream, log, now }),
    turns,
    generations,
    answers: createAnswerFinder({ generations, stream, ended, redis, news: news.next, now }),
    slots,
    upstream,
    settlement,
    ...quotaSide,
  }
}
