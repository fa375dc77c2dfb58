/** Rows of token_usage: opened before a call, settled exactly once after it. */

import type { Reservation } from '../domain/quota.ts'
import type { Settlement } from '../domain/settlement-record.ts'
import type { Queries, Statement } from './mysql.ts'

/** What is known of a call before it begins. */
export interface OpenUsage {
  readonly requestId: string
  readonly uid: string
  /** workers.id: name and life of the worker that runs the call. */
  readonly workerId: string
  readonly apiKeyId: string
  readonly model: string
  /** Estimated tokens of the prompt. */
  readonly promptEstimate: number
  /** What quotas hold for the call; nothing for somebody without one. */
  readonly reserved?: Pick<Reservation, 'tokens' | 'cost'>
  /** Unix milliseconds. */
  readonly startedAt: number
}

/** Writes the open row of a call in `@conversation`, if that is not null. */
export function openUsage(usage: OpenUsage): Statement {
  return {
    sql: `INSERT INTO token_usage (request_id, user_id, worker_id, conversation_id, api_key_id,
        model_requested, reserved_tokens, held_tokens, reserved_cost, started_at)
      SELECT ?, ?, ?, @conversation, ?, ?, ?, ?, ?, ? FROM DUAL WHERE @conversation IS NOT NULL`,
    params: [
      usage.requestId,
      usage.uid,
      usage.workerId,
      usage.apiKeyId,
      usage.model,
      usage.promptEstimate,
      usage.reserved?.tokens ?? 0,
      usage.reserved?.cost ?? '0',
      new Date(usage.startedAt),
    ],
  }
}

/** Makes `@settled`, the list of the calls that a transaction has settled, empty. */
export const SETTLED_NONE: Statement = { sql: "SET @settled = ''" }

/**
 * Settles a call's row and adds its id to `@settled` unless it was settled before. Only what is there may
 * be added to a total.
 */
export function settleUsage({
  id,
  result,
  estimateMethod,
  at,
}: Settlement): readonly [Statement, Statement] {
  const { tokens, cost } = result
  const settle = {
    sql: `UPDATE token_usage SET state = 'settled', ending = ?, finish_reason = ?, model = ?,
       prompt_tokens = ?, cached_tokens = ?, completion_tokens = ?, reasoning_tokens = ?,
       estimated = ?, estimate_method = ?, cost = ?, currency = ?, priced = ?, first_token_ms = ?,
       duration_ms = ?, upstream_id = ?, upstream_trace_id = ?,
       api_key_id = COALESCE(?, api_key_id), settled_at = ?
     WHERE request_id = ? AND state = 'open'`,
    params: [
      result.ending,
      result.finishReason?.slice(0, 40) ?? null,
      result.model,
      tokens.promptTokens,
      tokens.cachedTokens,
      tokens.completionTokens,
      tokens.reasoningTokens,
      result.estimated,
      estimateMethod,
      cost.cost,
      cost.currency,
      cost.priced,
      result.firstTokenMs,
      result.durationMs,
      result.upstreamId?.slice(0, 64) ?? null,
      result.traceId?.slice(0, 64) ?? null,
      result.keyId,
      new Date(at),
      id,
    ],
  }
  return [
    settle,
    { sql: "SET @settled = IF(ROW_COUNT() = 1, CONCAT(@settled, ?, ','), @settled)", params: [id] },
  ]
}

/** Returns true if the call has a row, open or settled. */
export async function hasUsage(db: Queries, id: string): Promise<boolean> {
  const rows = await db.query('SELECT 1 FROM token_usage WHERE request_id = ?', [id])
  return rows.length > 0
}
