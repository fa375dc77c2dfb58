/** Calls of the model that run, of all workers: their usage rows are open. */

import type { AuditOrigin } from '../domain/audit.ts'
import { recordChange } from './audit.ts'
import type { Database, SqlValue } from './mysql.ts'

export interface RunningCall {
  /** token_usage.request_id: names the generation. */
  readonly id: string
  readonly user_id: string
  readonly username: string
  readonly conversation_id: string | null
  readonly model: string
  readonly key_alias: string | null
  readonly worker: string
  readonly started_at: Date
}

/** A place in the list, which runs from the oldest call to the newest. */
export interface RunningPosition {
  readonly startedAt: Date
  readonly id: string
}

/** Every call throws Failure('storage_unavailable') if MySQL is away. */
export interface RunningCalls {
  /** Returns calls, the oldest first; of one user only if `uid` is given. */
  list(
    uid: string | undefined,
    after: RunningPosition | undefined,
    limit: number,
  ): Promise<readonly RunningCall[]>
  /** Returns a call, and whether it still runs; undefined if there is none. */
  find(id: string): Promise<(RunningCall & { readonly isOpen: boolean }) | undefined>
  /** Records that an administrator has a call stopped. */
  noteStop(call: RunningCall, origin: AuditOrigin): Promise<void>
}

const SELECT = `SELECT u.request_id AS id, u.user_id, users.username, u.conversation_id,
    u.model_requested AS model, api_keys.alias AS key_alias, u.worker_id AS worker, u.started_at,
    u.state
  FROM token_usage u
  JOIN users ON users.id = u.user_id
  LEFT JOIN api_keys ON api_keys.id = u.api_key_id`

interface CallRow extends RunningCall {
  readonly state: 'open' | 'settled'
}

export function createRunningCalls(db: Database): RunningCalls {
  return {
    list(uid, after, limit) {
      const conditions = ["u.state = 'open'"]
      const params: SqlValue[] = []
      if (uid !== undefined) {
        conditions.push('u.user_id = ?')
        params.push(uid)
      }
      if (after !== undefined) {
        conditions.push('u.started_at >= ? AND (u.started_at > ? OR u.request_id > ?)')
        params.push(after.startedAt, after.startedAt, after.id)
      }
      return db.query<CallRow>(
        `${SELECT} WHERE ${conditions.join(' AND ')}
         ORDER BY u.started_at, u.request_id LIMIT ?`,
        [...params, limit],
      )
    },

    async find(id) {
      const [row] = await db.query<CallRow>(`${SELECT} WHERE u.request_id = ?`, [id])
      return row && { ...row, isOpen: row.state === 'open' }
    },

    async noteStop(call, origin) {
      await recordChange(db, {
        ...{ origin, action: 'generation.stop', target: call.id, before: call, after: null },
      })
    },
  }
}
