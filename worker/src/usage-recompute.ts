/** Comparing the sums of usage with the calls they are made of, and putting them right. */

import type { Logger } from 'pino'
import type { Database } from './stores/mysql.ts'
import { withLock } from './stores/named-lock.ts'
import { findDrift, repairDrift, type UsageDrift } from './stores/usage-rollups.ts'
import { lowerSeal } from './stores/usage-seal.ts'

export interface RecomputeRange {
  /** Unix milliseconds; widened to whole hours. */
  readonly from: number
  readonly to: number
  readonly repair: boolean
}

const HOUR_MS = 3_600_000

/**
 * Returns where the sums differ from the calls, hour by hour, each difference also as an error in the
 * log; repairs them if asked to. Undefined if another one is at it.
 * @throws {Failure} storage_unavailable; what was repaired so far stays repaired
 */
export function recomputeUsage(
  db: Database,
  { from, to, repair }: RecomputeRange,
  log: Logger,
): Promise<readonly UsageDrift[] | undefined> {
  return withLock(db, 'usage_rollups', async () => {
    const all: UsageDrift[] = []
    const first = Math.floor(from / HOUR_MS) * HOUR_MS
    for (let hour = first; hour < to; hour += HOUR_MS) {
      const drifts = await findDrift(db, new Date(hour), new Date(hour + HOUR_MS))
      for (const { table, key, missing } of drifts) {
        log.error({ table, key, missing, repair }, 'a sum of usage differs from its calls')
      }
      if (repair && drifts.length > 0) await repairDrift(db, drifts)
      all.push(...drifts)
    }
    // Also what no settlement can have known of: a call that another clock began in a past hour.
    if (repair) await db.transaction((tx) => lowerSeal(tx, first, to))
    log.info(
      { from: new Date(first), to: new Date(to), drifts: all.length, repair },
      'sums of usage compared',
    )
    return all
  })
}
