/** Reading of token_usage: sums over periods and lists of single calls. */

import type { UsageRecord, UsageSummary, UsageTotals } from '#contract/api.ts'
import type { Periods } from '../domain/periods.ts'
import type { Database, SqlValue } from './mysql.ts'
import type { UsageRow } from './usage-columns.ts'

/** A place in the list of calls, which runs from new to old. */
export interface UsagePosition {
  readonly startedAt: Date
  /** token_usage.id, decimal. */
  readonly id: string
}

export interface UsageQuery {
  /** Calls of one user only; undefined for everybody's. */
  readonly uid: string | undefined
  /** Calls after this one in the list. */
  readonly after: UsagePosition | undefined
  readonly limit: number
}

export interface ListedUsage {
  readonly position: UsagePosition
  readonly record: UsageRecord
}

export interface UsageReports {
  /** Sums of settled calls; an open one counts when it is settled, in the period it began in. */
  summary(uid: string | undefined, periods: Periods): Promise<Omit<UsageSummary, 'timezone'>>
  /** Calls from new to old, those still open included. */
  list(query: UsageQuery): Promise<ListedUsage[]>
}

/** Prices are kept in yuan; see model_prices. */
const CURRENCY = 'CNY'

/** A sum over everything reads every row of the user, so it may take longer than other statements. */
const SUMMARY_TIMEOUT_MS = 5000

const TOTALS = `COUNT(*) AS requests,
  COALESCE(SUM(prompt_tokens), 0) AS promptTokens,
  COALESCE(SUM(completion_tokens), 0) AS completionTokens,
  COALESCE(SUM(cost), 0) AS cost
FROM token_usage WHERE state = 'settled'`

interface TotalsRow {
  readonly period: keyof Periods | 'total'
  readonly requests: string
  readonly promptTokens: string
  readonly completionTokens: string
  readonly cost: string
}

interface RecordRow extends Omit<UsageRow, 'usage_state'> {
  readonly id: string
  readonly request_id: string
  readonly started_at: Date
  readonly username: string
  readonly key_alias: string | null
}

export function createUsageReports(db: Database): UsageReports {
  return {
    async summary(uid, periods) {
      const owner = uid === undefined ? '' : ' AND user_id = ?'
      const sql: string[] = []
      const params: SqlValue[] = []
      for (const period of ['today', 'week', 'month', 'total'] as const) {
        const since = period === 'total' ? '' : ' AND started_at >= ?'
        sql.push(`SELECT '${period}' AS period, ${TOTALS}${owner}${since}`)
        if (uid !== undefined) params.push(uid)
        if (period !== 'total') params.push(new Date(periods[period]))
      }
      const rows = await db.query<TotalsRow>(sql.join('\nUNION ALL\n'), params, {
        timeoutMs: SUMMARY_TIMEOUT_MS,
      })
      const of = (period: TotalsRow['period']) => totals(rows.find((row) => row.period === period))
      return { today: of('today'), week: of('week'), month: of('month'), total: of('total') }
    },

    async list({ uid, after, limit }) {
      const conditions = ['TRUE']
      const params: SqlValue[] = []
      if (uid !== undefined) {
        conditions.push('u.user_id = ?')
        params.push(uid)
      }
      if (after !== undefined) {
        // The first half lets the index skip to the place; MySQL does not use rows for that.
        conditions.push('u.started_at <= ? AND (u.started_at < ? OR u.id < ?)')
        params.push(after.startedAt, after.startedAt, after.id)
      }
      const rows = await db.query<RecordRow>(
        `SELECT u.id, u.request_id, u.started_at, users.username, u.model_requested, u.model,
          u.ending, u.finish_reason, u.prompt_tokens, u.cached_tokens, u.completion_tokens,
          u.reasoning_tokens, u.estimated, u.cost, u.currency, api_keys.alias AS key_alias,
          u.first_token_ms, u.duration_ms
        FROM token_usage u
        JOIN users ON users.id = u.user_id
        LEFT JOIN api_keys ON api_keys.id = u.api_key_id
        WHERE ${conditions.join(' AND ')}
        ORDER BY u.started_at DESC, u.id DESC
        LIMIT ?`,
        [...params, limit],
      )
      return rows.map(listed)
    },
  }
}

function totals(row: TotalsRow | undefined): UsageTotals {
  const prompt = Number(row?.promptTokens ?? 0)
  const completion = Number(row?.completionTokens ?? 0)
  return {
    requests: Number(row?.requests ?? 0),
    prompt_tokens: prompt,
    completion_tokens: completion,
    total_tokens: prompt + completion,
    cost: row?.cost ?? '0',
    currency: CURRENCY,
  }
}

function listed({ id, started_at, estimated, ...row }: RecordRow): ListedUsage {
  return {
    position: { startedAt: started_at, id },
    record: {
      ...row,
      started_at: started_at.toISOString(),
      total_tokens: row.prompt_tokens + row.completion_tokens,
      estimated: estimated === 1,
    },
  }
}
