/**
 * The outbox of revocations in MySQL: what has to be gone from Redis. It outlives an outage of Redis,
 * the second that Redis may lose when it is killed, and the worker itself.
 */

import type { AuditOrigin } from '../domain/audit.ts'
import { recordChange } from './audit.ts'
import type { Database, Queries } from './mysql.ts'

export interface NotedRevocation {
  readonly id: string
  readonly uid: string
  /** Of a session or access token; null: the copy of the user. */
  readonly hash: string | null
  /** True once what Redis had done about it when it was noted is surely on its disk. */
  readonly isOld: boolean
}

/** Every call throws Failure('storage_unavailable') if MySQL is away. */
export interface Revocations {
  /**
   * Notes a session or access token by its hash.
   * @param origin of an administrator who ends somebody's session
   */
  note(uid: string, hash: string, origin?: AuditOrigin): Promise<void>
  /** Returns what is noted, from old to new, REVOCATION_BATCH rows from the one after `afterId` on. */
  list(afterId: string): Promise<readonly NotedRevocation[]>
  remove(ids: readonly string[]): Promise<void>
}

/** Redis writes its log every second, and says so when the disk keeps it waiting for two. */
const ON_DISK_S = 5
export const REVOCATION_BATCH = 500

export function createRevocations(db: Database): Revocations {
  return {
    note(uid, hash, origin) {
      if (origin === undefined) return noteRevocation(db, uid, hash)
      return db.transaction(async (tx) => {
        const before = { session: hash }
        const record = { action: 'user.end_session', target: uid, before, after: null } as const
        await recordChange(tx, { origin, ...record })
        await noteRevocation(tx, uid, hash)
      })
    },
    async list(afterId) {
      const rows = await db.query<Omit<NotedRevocation, 'isOld'> & { readonly isOld: number }>(
        `SELECT id, user_id AS uid, hash,
           created_at < UTC_TIMESTAMP(3) - INTERVAL ${ON_DISK_S} SECOND AS isOld
         FROM session_revocations WHERE id > ? ORDER BY id LIMIT ${REVOCATION_BATCH}`,
        [afterId],
      )
      return rows.map((row) => ({ ...row, isOld: Number(row.isOld) === 1 }))
    },
    async remove(ids) {
      if (ids.length === 0) return
      await db.execute('DELETE FROM session_revocations WHERE id IN (?)', [ids])
    },
  }
}

/**
 * Notes a revocation, in the transaction that makes it if there is one.
 * @param hash of a session or access token; null: the copy of the user
 */
export async function noteRevocation(
  queries: Queries,
  uid: string,
  hash: string | null,
): Promise<void> {
  await queries.execute(
    `INSERT INTO session_revocations (user_id, hash) VALUES (?, ?)
     ON DUPLICATE KEY UPDATE created_at = CURRENT_TIMESTAMP(3)`,
    [uid, hash],
  )
}
