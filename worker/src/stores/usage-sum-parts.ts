/** Statements that sum up usage over several ranges of time at once, in the same columns whatever they read. */

import { DEFAULT_CURRENCY } from '../domain/price.ts'
import type { SqlValue } from './mysql.ts'
import { SUM_NAMES } from './usage-sum-rows.ts'

export type UsageGroup = 'none' | 'model' | 'key' | 'status'

/** [from, to) in Unix ms, to be added to one bucket and taken from another. */
export interface SumRange {
  readonly from: number
  readonly to: number
  readonly bucket: number | undefined
  readonly home: number | undefined
}

export interface Part {
  /** What follows SELECT: `at`, `value` and the columns of a SumRow, from somewhere. */
  readonly selection: string
  readonly params: readonly SqlValue[]
  /** What rows with this `at` are to be added to, and taken from. */
  readonly ranges: (at: string) => readonly Pick<SumRange, 'bucket' | 'home'>[]
}

interface Source {
  readonly table: string
  /** Column by which ranges are found; an index begins with it, after the user. */
  readonly time: string
  readonly condition: string
  readonly groups: Readonly<Record<UsageGroup, string>>
  readonly sums: string
}

/** Money of another currency would have to be a sum of its own. */
const COST = `IF(currency = '${DEFAULT_CURRENCY}', cost, 0)`

const KEPT: Pick<Source, 'condition' | 'groups' | 'sums'> = {
  condition: 'TRUE',
  groups: { none: "''", model: 'model', key: 'api_key_id', status: 'ending' },
  sums: SUM_NAMES.split(', ')
    .map((name) => `SUM(${name === 'cost' ? COST : name}) AS ${name}`)
    .join(', '),
}

const CALLS: Pick<Source, 'condition' | 'groups' | 'sums'> = {
  condition: "state = 'settled'",
  groups: {
    ...KEPT.groups,
    model: 'COALESCE(model, model_requested)',
    key: 'COALESCE(api_key_id, 0)',
  },
  sums: KEPT.sums.replace('SUM(requests)', 'COUNT(*)'),
}

/** Named by what is asked: one user's, or everybody's. */
export const SOURCES = {
  userDays: { table: 'usage_daily', time: 'day', ...KEPT },
  userHours: { table: 'usage_hourly', time: 'hour', ...KEPT },
  allHours: { table: 'usage_hourly_total', time: 'hour', ...KEPT },
  userCalls: { table: 'token_usage FORCE INDEX (token_usage_user)', time: 'started_at', ...CALLS },
  allCalls: { table: 'token_usage FORCE INDEX (token_usage_time)', time: 'started_at', ...CALLS },
} as const satisfies Readonly<Record<string, Source>>

/**
 * Returns the statement, undefined if there is nothing to read.
 * @param ranges ascending, without overlap
 * @param uid undefined for sources of everybody
 */
export function rangePart(
  source: Source,
  ranges: readonly SumRange[],
  group: UsageGroup,
  uid: string | undefined,
): Part | undefined {
  const read = ranges.filter(({ from, to }) => from < to)
  if (read.length === 0) return undefined
  const spans = joined(read)
  const starts = read.map(({ from }) => from / 1000).join(', ')
  const within = spans.map(() => `(${source.time} >= ? AND ${source.time} < ?)`).join(' OR ')
  return {
    selection: `INTERVAL(UNIX_TIMESTAMP(${source.time}), ${starts}) AS at,
        ${textOf(source.groups[group])} AS value, ${source.sums}
      FROM ${source.table}
      WHERE ${source.condition} ${uid === undefined ? '' : 'AND user_id = ?'} AND (${within})
      GROUP BY at, value`,
    params: [
      ...(uid === undefined ? [] : [uid]),
      ...spans.flatMap(({ from, to }) => [new Date(from), new Date(to)]),
    ],
    ranges: (at) => read.slice(Number(at) - 1, Number(at)),
  }
}

/**
 * Returns the statement that reads the differences of running sums.
 * @param ranges in whole hours; each begins where the one before ends
 */
export function runningPart(ranges: readonly SumRange[], group: UsageGroup): Part | undefined {
  const read = ranges.filter(({ from, to }) => from < to)
  if (read.length === 0) return undefined
  const ends = new Map<string, Pick<SumRange, 'bucket' | 'home'>[]>()
  const note = (hour: number, what: Pick<SumRange, 'bucket' | 'home'>) => {
    const at = String(hour / 1000)
    ends.set(at, [...(ends.get(at) ?? []), what])
  }
  for (const { from, to, bucket } of read) {
    note(from, { bucket: undefined, home: bucket })
    note(to, { bucket, home: undefined })
  }
  return {
    selection: `UNIX_TIMESTAMP(hour) AS at, ${textOf('value')} AS value,
        ${SUM_NAMES.replace('cost', `${COST} AS cost`)}
      FROM usage_running_total WHERE kind = ? AND hour IN (${[...ends].map(() => '?').join(', ')})`,
    params: [group, ...[...ends.keys()].map((at) => new Date(Number(at) * 1000))],
    ranges: (at) => ends.get(at) ?? [],
  }
}

/** All parts speak the collation in which models are told apart. */
function textOf(expression: string): string {
  return `CONVERT(${expression} USING utf8mb4) COLLATE utf8mb4_0900_bin`
}

/** Returns the ranges with those in one that follow each other. */
function joined(ranges: readonly SumRange[]): readonly { from: number; to: number }[] {
  const spans: { from: number; to: number }[] = []
  for (const { from, to } of ranges) {
    const last = spans.at(-1)
    if (last?.to === from) last.to = to
    else spans.push({ from, to })
  }
  return spans
}
