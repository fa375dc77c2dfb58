/** What is derived of the hourly sums, made to hold days that a new installation would not have. */

import type { Plan } from '../../scripts/stack/plan.ts'
import { createUsageSeal } from '../../worker/src/stores/usage-seal.ts'
import { withDatabase } from './settlement.ts'

/** Derives sums from this day (`2026-03-01`) on, unless they go back as far already, up to now. */
export function sealSince(plan: Plan, day: string): Promise<void> {
  return withDatabase(plan, async (db) => {
    await db.transaction(async (tx) => {
      const { affectedRows } = await tx.execute(
        'UPDATE usage_seal SET since = ?, until = ? WHERE id = 1 AND since > ?',
        [day, day, day],
      )
      if (affectedRows === 0) return
      for (const table of ['usage_running_total', 'usage_daily', 'usage_daily_total']) {
        await tx.execute(`DELETE FROM ${table}`, [], { timeoutMs: 10_000 })
      }
    }, 10_000)
    const seal = createUsageSeal(db)
    for (;;) {
      if (await seal.advance()) continue
      // The worker may be at it too.
      const [left] = await db.query<{ left: string }>(
        'SELECT TIMESTAMPDIFF(HOUR, until, NOW()) AS `left` FROM usage_seal WHERE id = 1',
      )
      if (Number(left?.left) <= 2) return
    }
  })
}
