/** Usage of other days, written straight into token_usage. */

import { randomBytes } from 'node:crypto'
import type { Plan } from '../../scripts/stack/plan.ts'
import type { Account } from './accounts.ts'
import { sqlRun } from './sql.ts'

export interface PastCall {
  readonly startedAt: Date
  readonly promptTokens: number
  readonly completionTokens: number
  /** Decimal text. */
  readonly cost: string
  readonly state?: 'open' | 'settled'
}

/** Adds a call of the account and returns its request id. */
export async function addPastCall(plan: Plan, { id }: Account, call: PastCall): Promise<string> {
  const requestId = randomBytes(16).toString('hex')
  const { state = 'settled', startedAt } = call
  await sqlRun(
    plan,
    `INSERT INTO token_usage (request_id, user_id, worker_id, state, ending, model_requested,
       prompt_tokens, completion_tokens, cost, started_at)
     VALUES (?, ?, 'test', ?, ?, 'deepseek-flash', ?, ?, ?, ?)`,
    [
      requestId,
      id,
      state,
      state === 'open' ? 'open' : 'done',
      call.promptTokens,
      call.completionTokens,
      call.cost,
      startedAt.toISOString().slice(0, -1),
    ],
  )
  return requestId
}
