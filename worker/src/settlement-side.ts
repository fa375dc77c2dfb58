/** Puts the settlement side together: where ends of calls go, and who looks after those left over. */

import { setTimeout as delay } from 'node:timers/promises'
import type { Redis } from 'ioredis'
import type { Logger } from 'pino'
import { isDue } from './domain/daily-chore.ts'
import type { PartialAnswers } from './domain/partial-answer.ts'
import type { WorkerEnv } from './env.ts'
import { createOpenCalls, type OpenCalls } from './open-calls.ts'
import { createSettlementKeeper, type SettlementKeeper } from './settlement-keeper.ts'
import { createSettler, type Settler } from './settler.ts'
import { createChores } from './stores/chores.ts'
import { createDatabase, type Database, FOR_BACKGROUND } from './stores/mysql.ts'
import type { Prices } from './stores/prices.ts'
import { createSettlementFiles } from './stores/settlement-files.ts'
import { createSettlementStream } from './stores/settlement-stream.ts'
import { createSettlements, type Settlements } from './stores/settlements.ts'
import { createWorkers, type Workers } from './stores/workers.ts'
import { recomputeUsage } from './usage-recompute.ts'

export interface SettlementSide {
  readonly settler: Settler
  readonly openCalls: OpenCalls
  readonly keeper: SettlementKeeper
  readonly workers: Workers
  /** Makes the spool's folder and tells that this worker is there. @throws if either is impossible */
  prepare(): Promise<void>
  /** Once a night, by whichever worker comes first: compares and repairs the sums of the last days. */
  nightly(): Promise<void>
  /** Closes what is its own. */
  close(): Promise<void>
}

export interface SettlementSideDeps {
  readonly env: Pick<WorkerEnv, 'mysql' | 'spoolFolder'>
  /** For ends that somebody waits for. */
  readonly db: Database
  readonly redis: Redis
  readonly prices: Prices
  readonly partials: PartialAnswers
  /** Returns settlements that tell others of each call that is settled. */
  readonly watch: (settlements: Settlements) => Settlements
  /** workers.id of this worker. */
  readonly workerId: string
  readonly log: Logger
  /** Unix milliseconds. */
  readonly now: () => number
}

const RECOMPUTE = 'usage_recompute'
/** Calls older than this are settled, whatever was away meanwhile. */
const RECOMPUTED_MS = 7 * 86_400_000

export function createSettlementSide(deps: SettlementSideDeps): SettlementSide {
  const { env, redis, watch, workerId, log } = deps
  // A crowd of requests must not make this worker look dead, nor work in the background take their
  // connections.
  const db = createDatabase(env.mysql, FOR_BACKGROUND)
  const stream = createSettlementStream(redis)
  const files = createSettlementFiles(env.spoolFolder)
  const workers = createWorkers(db, workerId)
  const chores = createChores(db)
  const openCalls = createOpenCalls((ms) => delay(ms, undefined, { ref: false }))
  return {
    settler: createSettler({
      ...deps,
      settlements: watch(createSettlements(deps.db)),
      stream,
      files,
    }),
    openCalls,
    keeper: createSettlementKeeper({
      ...deps,
      db,
      settlements: watch(createSettlements(db)),
      stream,
      files,
      own: openCalls,
    }),
    workers,

    async prepare() {
      await files.prepare()
      await workers.beat()
    },

    async nightly() {
      const { doneAt, now } = await chores.look(RECOMPUTE)
      if (!isDue(doneAt, now)) return
      const range = { from: now - RECOMPUTED_MS, to: now, repair: true }
      if ((await recomputeUsage(db, range, log)) !== undefined) await chores.done(RECOMPUTE)
      await workers.forgetGone()
    },

    close: () => db.close(),
  }
}
