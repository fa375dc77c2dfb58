/** Quotas in the worker's JSON API. */

/** What may be used in a day or a month; both begin in the zone of the user. */
export type QuotaTerm =
  | {
      readonly unit: 'tokens'
      readonly period: 'day' | 'month'
      /** Of prompts and answers together. */
      readonly amount: number
    }
  | {
      readonly unit: 'money'
      readonly period: 'day' | 'month'
      /** Decimal text. */
      readonly amount: string
      readonly currency: string
    }

/** Where an owner stands with a quota; the amounts have the form of the quota's own. */
export type QuotaStanding = QuotaTerm & {
  /** Of calls that have ended. */
  readonly used: number | string
  /** For calls that run: the most that they can use. */
  readonly reserved: number | string
  /** What is left of the amount beside both; 0 if it is used up. */
  readonly left: number | string
  /** When the next day or month begins: ISO 8601, UTC. */
  readonly resets_at: string
}

/** GET /api/me/quota, GET /api/tokens/{id}/quota, and with a version GET /admin/api/users/{id}/quota */
export interface QuotaReport {
  /** None: nothing is bounded. */
  readonly quotas: readonly QuotaStanding[]
  /** IANA zone in which days and months begin. */
  readonly timezone: string
}

/** Answer of GET and PUT /admin/api/users/{id}/quota. */
export interface AdminQuotaReport extends QuotaReport {
  /** To be sent with the next change; 0 until there was a quota. */
  readonly version: number
}
