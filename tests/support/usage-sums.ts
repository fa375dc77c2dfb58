/** Whether sum(raw) = rollup, asked independently of the code that keeps it so. */

import assert from 'node:assert/strict'
import type { Plan } from '../../scripts/stack/plan.ts'
import type { Account } from './accounts.ts'
import { sqlRows } from './sql.ts'

const COLUMNS = `COALESCE(SUM(prompt_tokens), 0) AS prompt, COALESCE(SUM(cached_tokens), 0) AS cached,
  COALESCE(SUM(completion_tokens), 0) AS completion, COALESCE(SUM(reasoning_tokens), 0) AS reasoning,
  COALESCE(SUM(cost), 0) AS cost`

/** Asserts it for one account, and returns its settled requests. */
export async function assertSums(plan: Plan, { id }: Account): Promise<number> {
  const [raw] = await sqlRows(
    plan,
    `SELECT COUNT(*) AS requests, ${COLUMNS} FROM token_usage WHERE user_id = ? AND state = 'settled'`,
    [id],
  )
  const [rollup] = await sqlRows(
    plan,
    `SELECT COALESCE(SUM(requests), 0) AS requests, ${COLUMNS} FROM usage_hourly WHERE user_id = ?`,
    [id],
  )
  assert.deepEqual(texts(rollup), texts(raw))
  return Number(raw?.['requests'])
}

function texts(row: Record<string, unknown> | undefined): Record<string, string> {
  return Object.fromEntries(Object.entries(row ?? {}).map(([name, value]) => [name, String(value)]))
}
