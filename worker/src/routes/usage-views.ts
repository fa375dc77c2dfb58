/** Sums of usage as people see them. */

import type { UsageSummary, UsageTotals } from '#contract/api.ts'
import type { UsageLine, UsagePoint, UsageSeries, UsageStatistic } from '#contract/usage.ts'
import { formatDecimal } from '../domain/decimal.ts'
import { firstTokenQuantile } from '../domain/first-token.ts'
import { createCalendar } from '../domain/periods.ts'
import { COST_SCALE, DEFAULT_CURRENCY } from '../domain/price.ts'
import { addUsage, NO_USAGE, type UsageSum } from '../domain/usage-sum.ts'
import type { UsageStatistic as FoundStatistic } from '../stores/usage-statistics.ts'
import type { GroupedSums, UsageSums } from '../stores/usage-sums.ts'

const DAY_MS = 86_400_000

/** Returns the sums of the current periods, of those before, and of everything. */
export async function usageSummary(
  sums: UsageSums,
  uid: string | undefined,
  timezone: string,
  now: number,
): Promise<UsageSummary> {
  const { before, ...current } = createCalendar(timezone)(now)
  // Another worker's clock may be a little ahead.
  const end = (Math.floor(now / DAY_MS) + 2) * DAY_MS
  const starts = [...Object.values(before), ...Object.values(current)]
  const edges = [...new Set([0, ...starts, end])].toSorted((a, b) => a - b)
  const found = (await sums.sums(uid, edges, 'none')).get('') ?? []
  const between = (from: number, to: number) =>
    totals(
      found
        .filter((_, bucket) => (edges[bucket] ?? 0) >= from && (edges[bucket] ?? 0) < to)
        .reduce((all, one) => addUsage(all, one), NO_USAGE),
    )
  return {
    today: between(current.today, end),
    week: between(current.week, end),
    month: between(current.month, end),
    total: between(0, end),
    before: {
      today: between(before.today, current.today),
      week: between(before.week, current.week),
      month: between(before.month, current.month),
    },
    timezone,
  }
}

/** Returns a series of sums; if it is not grouped, of one line. */
export function usageSeries(
  found: GroupedSums,
  edges: readonly number[],
  about: Pick<UsageSeries, 'timezone' | 'by' | 'group'>,
  names: ReadonlyMap<string, string>,
): UsageSeries {
  const times = edges.map((edge) => new Date(edge).toISOString())
  const lines = [...found].filter(([, sums]) => sums.some(({ requests }) => requests > 0))
  const nothing = edges.slice(1).map(() => NO_USAGE)
  const shown = about.group === 'none' ? [['', found.get('') ?? nothing] as const] : lines
  return {
    ...about,
    currency: DEFAULT_CURRENCY,
    buckets: times.slice(0, -1),
    end: times.at(-1) ?? '',
    lines: shown
      .map(([value, sums]) => ({ ...named(value, about.group, names), points: sums.map(point) }))
      .toSorted((a, b) => tokensOf(b) - tokensOf(a)),
  }
}

function tokensOf({ points }: UsageLine): number {
  return points.reduce((sum, one) => sum + one.total_tokens, 0)
}

/** Returns what calls had in common and what they were like. */
export function usageStatistic(
  found: FoundStatistic,
  by: string,
  names: ReadonlyMap<string, string>,
): UsageStatistic {
  const { value, sum, failed, estimated, times } = found
  const { requests, promptTokens, cachedTokens } = sum
  const quantile = (share: number) =>
    times === undefined ? null : firstTokenQuantile(times.firstToken, share)
  const [p50, p95] = [quantile(0.5), quantile(0.95)]
  return {
    ...totals(sum),
    ...named(value, by, names),
    success_rate: share(requests - failed, requests) ?? 1,
    cache_hit_rate: share(cachedTokens, promptTokens),
    estimated_share: share(estimated, requests) ?? 0,
    first_token_ms: p50 === null || p95 === null ? null : { p50, p95 },
    duration_ms:
      times === undefined || requests === 0 ? null : Math.round(times.durationMs / requests),
  }
}

function share(part: number, whole: number): number | null {
  return whole === 0 ? null : Math.min(1, Math.max(0, part / whole))
}

/** Key 0 is no key. */
function named(value: string, by: string, names: ReadonlyMap<string, string>) {
  if (value === '' || (by === 'key' && value === '0')) return { value: null, name: null }
  const hasName = by === 'key' || by === 'user'
  return { value, name: hasName ? (names.get(value) ?? null) : value }
}

function totals(sum: UsageSum): UsageTotals {
  return { ...point(sum), currency: DEFAULT_CURRENCY }
}

/** Rows that somebody has changed by hand may make less than nothing of a piece of an hour. */
function point(sum: UsageSum): UsagePoint {
  const atLeastNone = (count: number) => Math.max(0, count)
  return {
    requests: atLeastNone(sum.requests),
    prompt_tokens: atLeastNone(sum.promptTokens),
    cached_tokens: atLeastNone(sum.cachedTokens),
    completion_tokens: atLeastNone(sum.completionTokens),
    total_tokens: atLeastNone(sum.promptTokens + sum.completionTokens),
    cost: formatDecimal(sum.cost < 0n ? 0n : sum.cost, COST_SCALE),
  }
}
