/** Bodies of the API about usage over time. Times are ISO 8601, UTC; money is decimal text in `currency`. */

import type { UsageTotals } from './api.ts'

/** PATCH /api/me */
export interface Profile {
  /** IANA zone in which their days, weeks and months begin. */
  readonly timezone: string
}

/** One bucket of a series; its cost is in the series' currency. */
export type UsagePoint = Omit<UsageTotals, 'currency'>

/** The points of one model, key or ending; the only ones if the series is not grouped. */
export interface UsageLine {
  /** Model, api_keys.id or ending; null: no key was used, or the series is not grouped. */
  readonly value: string | null
  /** The key's alias, else the same as `value`. */
  readonly name: string | null
  /** As many as there are buckets. */
  readonly points: readonly UsagePoint[]
}

/** GET /api/usage/series, and for all users GET /admin/api/usage/series */
export interface UsageSeries {
  readonly timezone: string
  readonly by: 'hour' | 'day'
  readonly group: 'none' | 'model' | 'key' | 'status'
  readonly currency: string
  /** Beginnings of the buckets. */
  readonly buckets: readonly string[]
  /** End of the last bucket. */
  readonly end: string
  /** Those with the most tokens first. */
  readonly lines: readonly UsageLine[]
}

/** What the calls with one model, key, ending or user were like. Shares are from 0 to 1. */
export interface UsageStatistic extends UsageTotals {
  /** Model, api_keys.id, ending or users.id; null: no key was used, or all together. */
  readonly value: string | null
  /** The key's alias or the user's name, else the same as `value`. */
  readonly name: string | null
  /** Ended neither as upstream_error nor as timeout nor as interrupted. */
  readonly success_rate: number
  /** Prompt tokens that the provider had in its cache; null without any prompt tokens. */
  readonly cache_hit_rate: number | null
  /** Requests whose tokens are an estimate. */
  readonly estimated_share: number
  /** Null by user, for whom it is not kept, and where nothing was ever written. */
  readonly first_token_ms: { readonly p50: number; readonly p95: number } | null
  /** Mean; null by user. */
  readonly duration_ms: number | null
}

/** GET /admin/api/usage/statistics */
export interface UsageStatistics {
  readonly timezone: string
  readonly from: string
  readonly to: string
  readonly by: 'model' | 'key' | 'status' | 'user'
  readonly total: UsageStatistic
  /** The largest first. */
  readonly items: readonly UsageStatistic[]
}
