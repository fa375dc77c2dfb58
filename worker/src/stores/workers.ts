/** The workers that are there, each told by itself, on MySQL's clock. */

import type { Database } from './mysql.ts'

export interface Workers {
  /** Says that this worker is there. */
  beat(): Promise<void>
  /** Says that it is gone, unless it leaves open calls behind: then it falls silent instead. */
  leave(): Promise<void>
  /** Forgets others that are long gone and have no open call. */
  forgetGone(): Promise<void>
}

/** A longer gap between two beats begins a new steady time. Six seconds of reserve to the next beat. */
export const LONGEST_GAP_S = 15
const FORGOTTEN_AFTER_H = 24

const HAS_NO_CALL = `NOT EXISTS
  (SELECT 1 FROM token_usage u WHERE u.state = 'open' AND u.worker_id = workers.id)`

/** @param id name and life of this worker */
export function createWorkers(db: Database, id: string): Workers {
  return {
    async beat() {
      // Assignments run from left to right: the gap is judged by the beat before.
      await db.execute(
        `INSERT INTO workers (id, started_at, seen_at, steady_since)
         VALUES (?, NOW(3), NOW(3), NOW(3))
         ON DUPLICATE KEY UPDATE
           steady_since = IF(seen_at < NOW(3) - INTERVAL ? SECOND, NOW(3), steady_since),
           seen_at = NOW(3)`,
        [id, LONGEST_GAP_S],
      )
    },
    async leave() {
      await db.execute(`DELETE FROM workers WHERE id = ? AND ${HAS_NO_CALL}`, [id])
    },
    async forgetGone() {
      await db.execute(
        `DELETE FROM workers WHERE seen_at < NOW(3) - INTERVAL ? HOUR AND ${HAS_NO_CALL}`,
        [FORGOTTEN_AFTER_H],
      )
    },
  }
}
