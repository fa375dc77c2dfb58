/** Rows of token_usage: what the service wrote down about a model call. */

import type { Plan } from '../../scripts/stack/plan.ts'
import { awaitRows, sqlRows } from './sql.ts'

/** Whole numbers and booleans as numbers, BIGINT and DECIMAL as text. */
export interface UsageRow {
  readonly request_id: string
  readonly user_id: string
  readonly api_key_id: string | null
  readonly state: 'open' | 'settled'
  readonly ending: string
  readonly finish_reason: string | null
  readonly model_requested: string
  readonly model: string | null
  readonly prompt_tokens: number
  readonly cached_tokens: number
  readonly completion_tokens: number
  readonly reasoning_tokens: number
  readonly reserved_tokens: number
  readonly estimated: number
  readonly estimate_method: string | null
  readonly cost: string
  readonly currency: string
  readonly priced: number
  readonly started_at: Date
  readonly settled_at: Date | null
}

/** Returns the rows of a request: one if the call was admitted, none if not. */
export async function usageRows(plan: Plan, requestId: string): Promise<readonly UsageRow[]> {
  const rows = await sqlRows(plan, 'SELECT * FROM token_usage WHERE request_id = ?', [requestId])
  return rows as unknown as readonly UsageRow[]
}

/** Returns the row of a request once it is settled. */
export async function settledRow(plan: Plan, requestId: string): Promise<UsageRow> {
  const [row] = await awaitRows(
    plan,
    "SELECT * FROM token_usage WHERE request_id = ? AND state = 'settled'",
    [requestId],
  )
  return row as unknown as UsageRow
}
