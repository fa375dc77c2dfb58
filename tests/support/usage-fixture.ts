/** Usage of other days, written straight into the tables as settlements would have left it. */

import { randomBytes } from 'node:crypto'
import type { Ending } from '#contract/api.ts'
import type { Plan } from '../../scripts/stack/plan.ts'
import type { Queries, SqlParams, SqlValue } from '../../worker/src/stores/mysql.ts'
import { lowerSeal } from '../../worker/src/stores/usage-seal.ts'
import type { Account } from './accounts.ts'
import { withDatabase } from './settlement.ts'

export interface PastCall {
  readonly startedAt: Date
  readonly promptTokens: number
  readonly completionTokens: number
  /** Decimal text. */
  readonly cost: string
  readonly cachedTokens?: number
  /** Default: done; an open call has no sums. */
  readonly ending?: Ending
  readonly model?: string
  /** api_keys.id; there need not be such a key. */
  readonly key?: string
  /** access_tokens.id; there need not be such a token. */
  readonly token?: string
  readonly estimated?: boolean
  readonly firstTokenMs?: number
  readonly durationMs?: number
}

const HOUR_MS = 3_600_000

/** Adds a call of the account and returns its request id. */
export async function addPastCall(plan: Plan, account: Account, call: PastCall): Promise<string> {
  const [id = ''] = await addPastCalls(plan, account, [call])
  return id
}

/** Adds calls of the account, with their sums, and returns their request ids. */
export function addPastCalls(
  plan: Plan,
  { id: uid }: Account,
  calls: readonly PastCall[],
): Promise<readonly string[]> {
  const ids = calls.map(() => randomBytes(16).toString('hex'))
  const rows = calls.map((call, index) => rowOf(uid, ids[index] ?? '', call))
  const times = calls.map(({ startedAt }) => startedAt.getTime())
  return withDatabase(plan, async (db) => {
    await db.transaction(async (tx) => {
      await tx.execute(
        `INSERT INTO token_usage (request_id, user_id, worker_id, state, ending, model_requested, model,
           api_key_id, access_token_id, prompt_tokens, cached_tokens, completion_tokens, cost, estimated, first_token_ms,
           duration_ms, started_at) VALUES ?`,
        [rows],
      )
      await addSums(tx, 'request_id IN (?)', [ids])
      await lowerSeal(tx, Math.min(...times), Math.max(...times) + HOUR_MS)
    }, 10_000)
    return ids
  })
}

function rowOf(uid: string, id: string, call: PastCall): SqlValue[] {
  const { ending = 'done', model = 'deepseek-flash' } = call
  return [
    ...[id, uid, 'test', ending === 'open' ? 'open' : 'settled', ending, model, model],
    ...[call.key ?? null, call.token ?? null],
    ...[call.promptTokens, call.cachedTokens ?? 0, call.completionTokens, call.cost],
    call.estimated === true,
    ...[call.firstTokenMs ?? null, call.durationMs ?? null, call.startedAt],
  ]
}

/**
 * Adds the settled calls that meet a condition to the hourly sums. Written apart from the code that keeps
 * these, which is compared with it.
 */
export async function addSums(
  tx: Queries,
  condition: string,
  params: SqlParams,
  timeoutMs = 10_000,
): Promise<void> {
  const keys = `COALESCE(api_key_id, 0), model, ending, currency`
  const hour = "DATE_FORMAT(started_at, '%Y-%m-%d %H:00:00')"
  const sums = `COUNT(*), SUM(estimated), SUM(NOT priced), SUM(prompt_tokens), SUM(cached_tokens),
    SUM(completion_tokens), SUM(reasoning_tokens), SUM(cost)`
  const of = `FROM token_usage WHERE state = 'settled' AND ${condition}`
  const adding = (table: string, columns: readonly string[]) =>
    columns.map((name) => `${name} = ${table}.${name} + new.${name}`).join(', ')
  const counts = [
    ...['requests', 'estimated', 'unpriced', 'prompt_tokens', 'cached_tokens'],
    ...['completion_tokens', 'reasoning_tokens', 'cost'],
  ]
  const key = 'hour, api_key_id, model, ending, currency'
  await tx.execute(
    `INSERT INTO usage_hourly (user_id, ${key}, ${counts.join(', ')})
     SELECT * FROM (SELECT user_id, ${hour} AS h, ${keys}, ${sums} ${of} GROUP BY 1, 2, 3, 4, 5, 6)
       AS new (user_id, ${key}, ${counts.join(', ')})
     ON DUPLICATE KEY UPDATE ${adding('usage_hourly', counts)}`,
    params,
    { timeoutMs },
  )
  const all = [...counts, 'first_token_ms', 'duration_ms']
  await tx.execute(
    `INSERT INTO usage_hourly_total (${key}, first_token_bucket, ${all.join(', ')})
     SELECT * FROM (SELECT ${hour} AS h, ${keys},
         COALESCE(1 + FLOOR(4 * LOG2(first_token_ms + 1)), 0) AS bucket, ${sums},
         SUM(COALESCE(first_token_ms, 0)), SUM(COALESCE(duration_ms, 0)) ${of}
       GROUP BY 1, 2, 3, 4, 5, 6) AS new (${key}, first_token_bucket, ${all.join(', ')})
     ON DUPLICATE KEY UPDATE ${adding('usage_hourly_total', all)}`,
    params,
    { timeoutMs },
  )
}
