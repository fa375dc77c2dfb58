/** The open row of a program's call. */

import type { Reservation } from '../domain/quota.ts'
import type { Database } from './mysql.ts'
import type { OpenUsage } from './token-usage.ts'

/** What a program asks for. */
export interface ProgramQuestion extends Omit<OpenUsage, 'workerId'> {
  /** access_tokens.id, decimal. */
  readonly token: string
  /** What quotas hold for the call. */
  readonly reserved: Pick<Reservation, 'tokens' | 'cost'>
}

export interface ProgramUsage {
  /** Writes the open row. @throws {Failure} storage_unavailable */
  open(question: ProgramQuestion): Promise<void>
}

/** @param workerId names this process in token_usage */
export function createProgramUsage(db: Database, workerId: string): ProgramUsage {
  return {
    async open({ requestId, uid, token, apiKeyId, model, promptEstimate, reserved, startedAt }) {
      await db.execute(
        `INSERT INTO token_usage (request_id, user_id, worker_id, access_token_id, api_key_id,
           model_requested, reserved_tokens, held_tokens, reserved_cost, started_at)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
        [
          ...[requestId, uid, workerId, token, apiKeyId, model],
          ...[promptEstimate, reserved.tokens, reserved.cost, new Date(startedAt)],
        ],
      )
    },
  }
}
