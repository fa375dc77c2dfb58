/** Puts the model side together: keys, prices, models, turns and the generations that run. */

import { setTimeout as delay } from 'node:timers/promises'
import type { Redis } from 'ioredis'
import type { Logger } from 'pino'
import { type AnswerFinder, createAnswerFinder } from './answer-finder.ts'
import { createCallRelay } from './call-relay.ts'
import { createGenerations, type Generations } from './domain/generations.ts'
import { createProgramCalls, type ProgramCalls } from './domain/program-calls.ts'
import { createRunningCalls, type RunningCalls } from './domain/running-calls.ts'
import { createStreamSlots, type StreamSlots } from './domain/stream-slots.ts'
import type { WorkerEnv } from './env.ts'
import { listenToWorkers } from './generation-news.ts'
import { createGenerationRelay } from './generation-relay.ts'
import { createQuotaSide, type QuotaSide } from './quota-side.ts'
import { createSettlementSide, type SettlementSide } from './settlement-side.ts'
import { type ApiKeys, createApiKeys } from './stores/api-keys.ts'
import { createCallProgressStore, eitherPartial } from './stores/call-progress.ts'
import { createEndedAnswers } from './stores/ended-answers.ts'
import { createGenerationStream } from './stores/generation-stream.ts'
import type { Database } from './stores/mysql.ts'
import { createPrices, type Prices } from './stores/prices.ts'
import { createProgramUsage, type ProgramUsage } from './stores/program-usage.ts'
import { createSlotStore } from './stores/slots.ts'
import { createTurns, type Turns } from './stores/turns.ts'
import { createDeepSeek, type Upstream } from './upstream/deepseek.ts'
import { createKeyCheck, type KeyCheck } from './upstream/key-check.ts'
import { createKeyPool, type KeyPool } from './upstream/key-pool.ts'
import { createModelCatalog, type ModelCatalog } from './upstream/model-catalog.ts'
import { streamLimits } from './upstream/stream-watch.ts'
import { longestAnswerMs } from './worker-limits.ts'

export interface ModelSide extends QuotaSide {
  /** `prepare` is to be called before the first request. */
  readonly keys: ApiKeys & KeyPool
  readonly keyCheck: KeyCheck
  readonly prices: Prices
  readonly models: ModelCatalog
  readonly turns: Turns
  readonly generations: Generations
  readonly programUsage: ProgramUsage
  readonly programCalls: ProgramCalls
  /** Of people and programs. `shutdown` is to be called before the database is closed. */
  readonly running: RunningCalls
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
  const longestMs = longestAnswerMs(env.limits)
  const stream = createGenerationStream(redis, longestMs)
  const progress = createCallProgressStore(redis, longestMs)
  const quotaSide = createQuotaSide({ env, db, redis, prices, log, now })
  const settlement = createSettlementSide({
    ...{ env, db, redis, log, now, prices },
    partials: eitherPartial(stream, progress),
    watch: quotaSide.quotas.watch,
    workerId: lifeId,
  })
  const { openCalls, settler } = settlement
  const turns = createTurns(db, lifeId)
  const usage = createProgramUsage(db, lifeId)
  const slots = createStreamSlots(createSlotStore(redis), log)
  const relay = createGenerationRelay({ stream, redis, workerId: lifeId, log })
  // Nothing of this may keep the process alive.
  const sleep = (ms: number) => delay(ms, undefined, { ref: false })
  const running = createRunningCalls({ sleep, log })
  const common = {
    ...{ slots, running, now, sleep, log },
    store: openCalls.watchStore(settler.store),
    maxAnswerBytes: env.limits.answerBytes,
  }
  const generations = createGenerations({
    ...common,
    onStart: relay.follow,
    call: (key, turn, signal) => pool.chat(key, turn.call, signal),
  })
  const programCalls = createProgramCalls({
    ...common,
    onStart: createCallRelay({ store: progress, redis, log }).follow,
    call: (key, call, signal) => pool.forward(key, call, signal),
    patienceMs: env.limits.payloadIdleMs,
  })
  const ended = createEndedAnswers(db)
  const news = listenToWorkers(subscriber, generations)
  return {
    keys: { ...stored, ...pool },
    keyCheck: createKeyCheck({ keys: stored, upstream, log, now }),
    prices,
    models: createModelCatalog({ keys: pool, upstream, log, now }),
    turns: { ...turns, begin: openCalls.watchBegin(turns.begin) },
    generations,
    programUsage: { ...usage, open: openCalls.watchBegin(usage.open) },
    programCalls,
    running,
    answers: createAnswerFinder({ generations, stream, ended, redis, news: news.next, now }),
    slots,
    upstream,
    settlement,
    ...quotaSide,
  }
}
