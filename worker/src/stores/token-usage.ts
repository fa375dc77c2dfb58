/** Rows of token_usage: opened before a call, settled exactly once after it. */

import type { Turn, TurnResult } from '../domain/turn.ts'
import type { Queries } from './mysql.ts'

/** What is known of a call before it begins. */
export interface OpenUsage {
  readonly requestId: string
  readonly uid: string
  readonly workerId: string
  readonly conversationId: string
  readonly apiKeyId: string
  readonly model: string
  /** Estimated tokens of the prompt. */
  readonly promptEstimate: number
  /** Unix milliseconds. */
  readonly startedAt: number
}

/** Writes the open row of a call. */
export async function openUsage(tx: Queries, usage: OpenUsage): Promise<void> {
  await tx.execute(
    `INSERT INTO token_usage (request_id, user_id, worker_id, conversation_id, api_key_id,
       model_requested, reserved_tokens, started_at)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
    [
      usage.requestId,
      usage.uid,
      usage.workerId,
      usage.conversationId,
      usage.apiKeyId,
      usage.model,
      usage.promptEstimate,
      new Date(usage.startedAt),
    ],
  )
}

/**
 * Settles a call's row; returns false if it was settled before. Only who gets true may add the
 * tokens to a total.
 * @param at Unix milliseconds
 */
export async function settleUsage(
  tx: Queries,
  turn: Turn,
  result: TurnResult,
  at: number,
): Promise<boolean> {
  const { tokens, cost } = result
  const { affectedRows } = await tx.execute(
    `UPDATE token_usage SET state = 'settled', ending = ?, finish_reason = ?, model = ?,
       prompt_tokens = ?, cached_tokens = ?, completion_tokens = ?, reasoning_tokens = ?,
       estimated = ?, cost = ?, currency = ?, first_token_ms = ?, duration_ms = ?,
       upstream_id = ?, upstream_trace_id = ?, settled_at = ?
     WHERE request_id = ? AND state = 'open'`,
    [
      result.ending,
      result.finishReason?.slice(0, 40) ?? null,
      result.model,
      tokens.promptTokens,
      tokens.cachedTokens,
      tokens.completionTokens,
      tokens.reasoningTokens,
      result.estimated,
      cost.cost,
      cost.currency,
      result.firstTokenMs,
      result.durationMs,
      result.upstreamId?.slice(0, 64) ?? null,
      result.traceId,
      new Date(at),
      turn.id,
    ],
  )
  return affectedRows === 1
}
