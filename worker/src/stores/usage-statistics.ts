/** What everybody's calls of a range of time were like, by what they have in common. */

import type { FirstTokenCounts } from '../domain/first-token.ts'
import { DEFAULT_CURRENCY } from '../domain/price.ts'
import { coverBuckets } from '../domain/usage-cover.ts'
import { addUsage, NO_USAGE, type UsageSum } from '../domain/usage-sum.ts'
import type { Database, SqlValue } from './mysql.ts'
import { readSeal } from './usage-seal.ts'
import { HAS_FAILED, SUM_NAMES, type SumRow, sumOf } from './usage-sum-rows.ts'

export type StatisticsGroup = 'none' | 'model' | 'key' | 'status' | 'user'
export type StatisticsSort = 'requests' | 'tokens' | 'cost'

export interface StatisticsQuery {
  readonly by: StatisticsGroup
  /** Unix ms; `to` is exclusive. */
  readonly from: number
  readonly to: number
  /** The largest come first. */
  readonly sort: StatisticsSort
  readonly limit: number
}

export interface UsageStatistic {
  /** Model, api_keys.id (0: none), ending or users.id; empty for none. */
  readonly value: string
  readonly sum: UsageSum
  readonly failed: number
  readonly estimated: number
  /** Undefined by user: these are not kept for each. */
  readonly times: { readonly durationMs: number; readonly firstToken: FirstTokenCounts } | undefined
}

export interface UsageStatistics {
  /** @throws {Failure} storage_unavailable */
  statistics(query: StatisticsQuery): Promise<readonly UsageStatistic[]>
}

const DAY_MS = 86_400_000
const TIMEOUT_MS = 5000

interface Source {
  readonly table: string
  readonly time: 'day' | 'hour' | 'started_at'
  readonly condition: string
  readonly values: Readonly<Partial<Record<StatisticsGroup, string>>>
  /** By what is selected. */
  readonly columns: Readonly<Record<string, string>>
}

const COLUMNS = {
  ...Object.fromEntries(SUM_NAMES.split(', ').map((name) => [name, name])),
  cost: `IF(currency = '${DEFAULT_CURRENCY}', cost, 0)`,
  estimated: 'estimated',
}

const VALUES = { none: "''", model: 'model', key: 'api_key_id', status: 'ending' }

const TOTALS = {
  condition: 'TRUE',
  values: VALUES,
  columns: {
    ...COLUMNS,
    failed: `IF(${HAS_FAILED}, requests, 0)`,
    duration_ms: 'duration_ms',
    bucket: 'first_token_bucket',
  },
}

const BY_USER = { condition: 'TRUE', values: { user: 'user_id' } }
const NO_TIMES = { duration_ms: '0', bucket: '0' }

const CALLS: Source = {
  table: 'token_usage FORCE INDEX (token_usage_time)',
  time: 'started_at',
  condition: "state = 'settled'",
  values: {
    ...VALUES,
    model: 'COALESCE(model, model_requested)',
    key: 'COALESCE(api_key_id, 0)',
    user: 'user_id',
  },
  columns: {
    ...COLUMNS,
    requests: '1',
    failed: HAS_FAILED,
    duration_ms: 'COALESCE(duration_ms, 0)',
    bucket: 'COALESCE(1 + FLOOR(4 * LOG2(first_token_ms + 1)), 0)',
  },
}

/** Days, hours and calls of all, and of each user. */
const OF_ALL: readonly [Source, Source] = [
  { table: 'usage_daily_total', time: 'day', ...TOTALS },
  { table: 'usage_hourly_total', time: 'hour', ...TOTALS },
]
const OF_USERS: readonly [Source, Source] = [
  {
    table: 'usage_daily FORCE INDEX (usage_daily_day)',
    time: 'day',
    ...BY_USER,
    columns: { ...COLUMNS, failed: 'failed', ...NO_TIMES },
  },
  {
    table: 'usage_hourly FORCE INDEX (usage_hourly_hour)',
    time: 'hour',
    ...BY_USER,
    columns: { ...COLUMNS, failed: TOTALS.columns.failed, ...NO_TIMES },
  },
]

const SUMMED = ['failed', 'estimated', 'duration_ms', ...SUM_NAMES.split(', ')]

const SORTED: Readonly<Record<StatisticsSort, string>> = {
  requests: 'SUM(parts.requests) DESC',
  tokens: 'SUM(parts.prompt_tokens + parts.completion_tokens) DESC',
  cost: 'SUM(parts.cost) DESC',
}

interface Row extends SumRow {
  readonly value: string
  readonly bucket: string
  readonly failed: string
  readonly estimated: string
  readonly duration_ms: string
}

export function createUsageStatistics(db: Database): UsageStatistics {
  return {
    async statistics(query) {
      const { by, from, to, sort, limit } = query
      const rows = await db.transaction(async (tx) => {
        const { since, until } = await readSeal(tx)
        const parts = partsOf(by, from, to, since, until)
        if (parts.length === 0) return []
        // Users are many and in one row each, so the first ones are enough.
        return await tx.query<Row>(
          `SELECT value, bucket, ${SUMMED.map((name) => `GREATEST(SUM(${name}), 0) AS ${name}`).join(', ')}
           FROM (${parts.map(({ sql }) => sql).join(' UNION ALL ')}) AS parts
           GROUP BY value, bucket ORDER BY ${SORTED[sort]}, value ${by === 'user' ? 'LIMIT ?' : ''}`,
          [...parts.flatMap(({ params }) => params), ...(by === 'user' ? [limit] : [])],
          { timeoutMs: TIMEOUT_MS },
        )
      })
      return joined(rows, by !== 'user')
        .toSorted((a, b) => compare(sizeOf(b.sum, sort), sizeOf(a.sum, sort)))
        .slice(0, limit)
    },
  }
}

interface Part {
  readonly sql: string
  readonly params: readonly SqlValue[]
}

function partsOf(
  by: StatisticsGroup,
  from: number,
  to: number,
  since: number,
  until: number,
): readonly Part[] {
  const { hours, pieces } = coverBuckets([from, to])
  const [first = 0, end = 0] = hours
  const [days, hourly] = by === 'user' ? OF_USERS : OF_ALL
  const firstDay = Math.ceil(Math.max(first, since) / DAY_MS) * DAY_MS
  const endDay = Math.max(firstDay, Math.floor(Math.min(end, until) / DAY_MS) * DAY_MS)
  return [
    part(days, by, firstDay, endDay, 1),
    part(hourly, by, first, Math.min(firstDay, end), 1),
    part(hourly, by, Math.max(endDay, first), firstDay < end ? end : 0, 1),
    ...pieces.map((one) => part(CALLS, by, one.from, one.to, one.bucket === undefined ? -1 : 1)),
  ].filter((one) => one !== undefined)
}

/** @param sign -1 if what is read is to be taken away */
function part(
  { table, time, condition, values, columns }: Source,
  by: StatisticsGroup,
  from: number,
  to: number,
  sign: 1 | -1,
): Part | undefined {
  if (from >= to) return undefined
  const sums = SUMMED.map((name) => `${sign} * SUM(${columns[name]}) AS ${name}`)
  return {
    sql: `SELECT CONVERT(${values[by]} USING utf8mb4) COLLATE utf8mb4_0900_bin AS value,
        ${columns['bucket']} AS bucket, ${sums.join(', ')}
      FROM ${table} WHERE ${condition} AND ${time} >= ? AND ${time} < ? GROUP BY value, bucket`,
    params: [new Date(from), new Date(to)],
  }
}

function joined(rows: readonly Row[], hasTimes: boolean): readonly UsageStatistic[] {
  const found = new Map<string, UsageStatistic>()
  for (const row of rows) {
    const known = found.get(row.value)
    const firstToken = new Map(known?.times?.firstToken)
    firstToken.set(Number(row.bucket), Number(row.requests))
    found.set(row.value, {
      value: row.value,
      sum: addUsage(known?.sum ?? NO_USAGE, sumOf(row)),
      failed: (known?.failed ?? 0) + Number(row.failed),
      estimated: (known?.estimated ?? 0) + Number(row.estimated),
      times: hasTimes
        ? { durationMs: (known?.times?.durationMs ?? 0) + Number(row.duration_ms), firstToken }
        : undefined,
    })
  }
  return [...found.values()].filter(({ sum }) => sum.requests > 0)
}

function sizeOf(
  { requests, promptTokens, completionTokens, cost }: UsageSum,
  sort: StatisticsSort,
) {
  if (sort === 'cost') return cost
  return BigInt(sort === 'requests' ? requests : promptTokens + completionTokens)
}

function compare(a: bigint, b: bigint): number {
  return a < b ? -1 : a > b ? 1 : 0
}
