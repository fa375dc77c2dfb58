/** What of a row of token_usage people see beside their messages. */

import type { Ending } from '#contract/api.ts'
import type { ChatUsage } from '#contract/chat-events.ts'
import { formatDecimal, parseDecimal } from '../domain/decimal.ts'
import { COST_SCALE } from '../domain/price.ts'

export interface UsageRow {
  readonly usage_state: 'open' | 'settled'
  readonly ending: Ending
  readonly finish_reason: string | null
  readonly model_requested: string
  readonly model: string | null
  readonly prompt_tokens: number
  readonly cached_tokens: number
  readonly completion_tokens: number
  readonly reasoning_tokens: number
  readonly estimated: 0 | 1
  readonly cost: string
  readonly currency: string
  readonly first_token_ms: number | null
  readonly duration_ms: number | null
}

/** Columns of a UsageRow, of token_usage as `u`. */
export const USAGE_COLUMNS = `u.state AS usage_state, u.ending, u.finish_reason, u.model_requested,
  u.model, u.prompt_tokens, u.cached_tokens, u.completion_tokens, u.reasoning_tokens, u.estimated,
  u.cost, u.currency, u.first_token_ms, u.duration_ms`

/** Returns the usage of a settled row as its listeners saw it. */
export function usageOf(row: UsageRow): ChatUsage {
  return {
    model: row.model ?? row.model_requested,
    prompt_tokens: row.prompt_tokens,
    cached_tokens: row.cached_tokens,
    completion_tokens: row.completion_tokens,
    reasoning_tokens: row.reasoning_tokens,
    total_tokens: row.prompt_tokens + row.completion_tokens,
    estimated: row.estimated === 1,
    cost: formatDecimal(parseDecimal(row.cost, COST_SCALE), COST_SCALE),
    currency: row.currency,
    first_token_ms: row.first_token_ms,
    duration_ms: row.duration_ms ?? 0,
  }
}
