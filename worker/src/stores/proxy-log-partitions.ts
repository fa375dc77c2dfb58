/** Keeps the daily partitions of proxy_logs: some ahead, the old ones dropped. */

import { planPartitions } from '../domain/partition-plan.ts'
import type { Database } from './mysql.ts'

/** Changing partitions waits for running statements on the table. */
const DDL_TIMEOUT_MS = 30_000

/**
 * Brings the partitions in line with the date; doing it again changes nothing. Workers that do it at
 * the same time take turns by a named lock, which is why it runs on one connection.
 *
 * Returns how many rows lie beyond the last day: none, unless a gate's clock is wrong by days. They
 * would stay for ever. A worker that did not get its turn returns 0.
 * @param now Unix ms
 */
export async function maintainPartitions(db: Database, now: number): Promise<number> {
  return await db.transaction(async (tx) => {
    const lock = "CONCAT(LEFT(DATABASE(), 40), '.partitions')"
    const [turn] = await tx.query<{ taken: string | null }>(`SELECT GET_LOCK(${lock}, 0) AS taken`)
    if (turn?.taken !== '1') return 0
    try {
      const rows = await tx.query<{ name: string }>(
        `SELECT PARTITION_NAME AS name FROM information_schema.PARTITIONS
        WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = 'proxy_logs' AND PARTITION_NAME IS NOT NULL`,
      )
      const plan = planPartitions(
        rows.map(({ name }) => name),
        now,
      )
      const options = { timeoutMs: DDL_TIMEOUT_MS }
      if (plan.create.length > 0) {
        // Names and dates come from the plan and hold digits only; DDL takes no placeholders.
        const days = plan.create.map(
          ({ name, lessThan }) => `PARTITION ${name} VALUES LESS THAN ('${lessThan}')`,
        )
        await tx.execute(
          `ALTER TABLE proxy_logs REORGANIZE PARTITION pmax INTO (
            ${days.join(',\n')}, PARTITION pmax VALUES LESS THAN (MAXVALUE))`,
          [],
          options,
        )
      }
      if (plan.drop.length > 0) {
        await tx.execute(
          `ALTER TABLE proxy_logs DROP PARTITION ${plan.drop.join(', ')}`,
          [],
          options,
        )
      }
      const [beyond] = await tx.query<{ count: string }>(
        'SELECT COUNT(*) AS count FROM proxy_logs PARTITION (pmax)',
      )
      return Number(beyond?.count ?? 0)
    } finally {
      await tx.query(`SELECT RELEASE_LOCK(${lock})`)
    }
  })
}
