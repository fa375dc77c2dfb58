/** Puts the quotas together: how they are set, reserved, counted and told. */

import { setTimeout as delay } from 'node:timers/promises'
import type { Redis } from 'ioredis'
import type { Logger } from 'pino'
import { createQuotaBook, type QuotaBook } from './domain/quota-book.ts'
import type { WorkerEnv } from './env.ts'
import { createHeldCalls } from './held-calls.ts'
import { createBindQuotas } from './quota-accounts.ts'
import { createQuotaKeeper, type QuotaKeeper } from './quota-keeper.ts'
import { createQuotaReports, type QuotaReports } from './quota-reports.ts'
import type { Database } from './stores/mysql.ts'
import type { Prices } from './stores/prices.ts'
import { createProfiles } from './stores/profiles.ts'
import { createQuotaSettings, type QuotaSettings } from './stores/quota-settings.ts'
import { createQuotaState } from './stores/quota-state.ts'
import { createQuotaUsage } from './stores/quota-usage.ts'
import { createZoneOf } from './user-zone.ts'

export interface QuotaSide {
  readonly quotas: QuotaKeeper
  readonly quotaSettings: QuotaSettings
  readonly quotaReports: QuotaReports
  /** What the worker knows of everybody's quotas; to be outdated when it has changed one. */
  readonly quotaBook: QuotaBook
}

export interface QuotaSideDeps {
  readonly env: Pick<WorkerEnv, 'timezone'>
  readonly db: Database
  readonly redis: Redis
  readonly prices: Prices
  readonly log: Logger
  /** Unix milliseconds. */
  readonly now: () => number
}

export function createQuotaSide({ env, db, redis, prices, log, now }: QuotaSideDeps): QuotaSide {
  const quotaSettings = createQuotaSettings(db)
  const quotaBook = createQuotaBook({ changedSince: quotaSettings.changedSince, now })
  const state = createQuotaState(redis)
  const usage = createQuotaUsage(db, now)
  const zoneOf = createZoneOf(createProfiles(db), env, now)
  const bind = createBindQuotas()
  const held = createHeldCalls(state, log)
  redis.on('ready', () => {
    state.greet().catch((err: unknown) => log.debug({ err }, 'quotas: no greeting'))
    // What was reserved before Redis went away is told to the one that comes.
    void held.renew()
  })
  return {
    quotas: createQuotaKeeper({
      ...{ book: quotaBook, state, usage, held, bind, zoneOf, prices, log, now },
      sleep: (ms) => delay(ms),
    }),
    quotaSettings,
    quotaReports: createQuotaReports({ usage, bind, zoneOf, now }),
    quotaBook,
  }
}
