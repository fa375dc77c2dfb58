/** Sums of usage as the tables hold them. */

import { formatDecimal, parseDecimal } from '../domain/decimal.ts'
import { COST_SCALE } from '../domain/price.ts'
import type { UsageSum } from '../domain/usage-sum.ts'
import type { SqlValue } from './mysql.ts'

/** BIGINT and DECIMAL as text. */
export interface SumRow {
  readonly requests: string
  readonly prompt_tokens: string
  readonly cached_tokens: string
  readonly completion_tokens: string
  readonly cost: string
}

/** Columns of a SumRow. */
export const SUM_NAMES = 'requests, prompt_tokens, cached_tokens, completion_tokens, cost'

/** Endings that are a failure of the provider or ours; of the others the person or program is content. */
const FAILED_ENDINGS = "('upstream_error', 'timeout', 'interrupted')"
export const HAS_FAILED = `ending IN ${FAILED_ENDINGS}`

export function sumOf(row: SumRow): UsageSum {
  return {
    requests: Number(row.requests),
    promptTokens: Number(row.prompt_tokens),
    cachedTokens: Number(row.cached_tokens),
    completionTokens: Number(row.completion_tokens),
    cost: parseDecimal(row.cost, COST_SCALE),
  }
}

/** Returns the values of SUM_NAMES. */
export function sumValues(sum: UsageSum): SqlValue[] {
  const { requests, promptTokens, cachedTokens, completionTokens, cost } = sum
  return [
    ...[requests, promptTokens, cachedTokens, completionTokens],
    formatDecimal(cost, COST_SCALE),
  ]
}
