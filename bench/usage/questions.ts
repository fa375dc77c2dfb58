/** What is asked of the reports: by HTTP, and by the same stores without a worker around them. */

import {
  type BucketSize,
  bucketEdges,
  type NamedRange,
  rangeOf,
} from '../../worker/src/domain/time-buckets.ts'
import { timeZoneOf } from '../../worker/src/domain/time-zone.ts'
import { usageSummary } from '../../worker/src/routes/usage-views.ts'
import type { Database } from '../../worker/src/stores/mysql.ts'
import { createProxyLogList, type LogQuery } from '../../worker/src/stores/proxy-log-list.ts'
import { createUsageRecords, type UsageQuery } from '../../worker/src/stores/usage-records.ts'
import { createUsageStatistics } from '../../worker/src/stores/usage-statistics.ts'
import type { UsageGroup } from '../../worker/src/stores/usage-sum-parts.ts'
import { createUsageSums } from '../../worker/src/stores/usage-sums.ts'

export interface Question {
  readonly name: string
  /** A p95 below this is wanted, ms; undefined: only told. */
  readonly wantedMs: number | undefined
  /** Who asks. */
  readonly as: 'person' | 'admin' | 'admin in Kathmandu'
  readonly path: string
  /** The same without HTTP. @param uid of the person who asks; for administrators undefined */
  readonly ask: (db: Database, uid: string | undefined) => Promise<unknown>
}

const DAY_MS = 86_400_000
const SHANGHAI = 'Asia/Shanghai'

const SUMS_MS = 20
const LISTS_MS = 50

/** Returns all of them. */
export function questionsAt(now: number): readonly Question[] {
  const month = new Date(now - 30 * DAY_MS)
  const all = { uid: undefined, limit: 50 }
  return [
    summary('person'),
    series('person', '30d', 'day', 'none', now),
    series('person', '7d', 'hour', 'model', now),
    series('person', '365d', 'day', 'none', now),
    records('person', 'model=deepseek-max', { model: 'deepseek-max' }),
    records('person', 'ending=timeout', { ending: 'timeout' }),
    summary('admin'),
    series('admin', '30d', 'day', 'none', now),
    series('admin', '30d', 'day', 'model', now),
    series('admin', '7d', 'hour', 'status', now),
    series('admin', '365d', 'day', 'none', now),
    series('admin in Kathmandu', '30d', 'day', 'none', now),
    records('admin', 'ending=upstream_error', { ...all, ending: 'upstream_error' }),
    records('admin', `model=deepseek-max&from=${month.toISOString()}`, {
      ...{ ...all, model: 'deepseek-max', from: month },
    }),
    records('admin', 'model=there-is-none', { ...all, model: 'there-is-none' }),
    statistics('model', now),
    statistics('user', now),
    logs('status=5xx', { statusClass: 5 }, now),
    logs('path=/login', { path: '/login' }, now),
    logs('ip=192.0.2.1', { ip: '192.0.2.1' }, now),
  ]
}

function summary(as: 'person' | 'admin'): Question {
  return {
    ...{ name: `summary, ${as}`, wantedMs: SUMS_MS, as, path: `${baseOf(as)}/usage/summary` },
    ask: (db, uid) => usageSummary(createUsageSums(db), uid, SHANGHAI, Date.now()),
  }
}

function series(
  as: Question['as'],
  range: NamedRange,
  by: BucketSize,
  group: UsageGroup,
  now: number,
): Question {
  const zone = timeZoneOf(as === 'admin in Kathmandu' ? 'Asia/Kathmandu' : SHANGHAI)
  const { from, to } = rangeOf(zone, range, now)
  const edges = bucketEdges(zone, by, from, to) ?? []
  return {
    name: `series ${range} by ${by}${group === 'none' ? '' : ` and ${group}`}, ${as}`,
    wantedMs: SUMS_MS,
    as,
    path: `${baseOf(as)}/usage/series?range=${range}&by=${by}&group=${group}`,
    ask: (db, uid) => createUsageSums(db).sums(uid, edges, group),
  }
}

function records(as: 'person' | 'admin', query: string, filter: Partial<UsageQuery>): Question {
  const nothing = { from: undefined, to: undefined, model: undefined, ending: undefined }
  return {
    ...{ name: `records ${query.split('&')[0]}, ${as}`, wantedMs: LISTS_MS, as },
    path: `${baseOf(as)}/usage/records?${query}`,
    ask: (db, uid) =>
      createUsageRecords(db).list({
        ...{
          ...nothing,
          key: undefined,
          token: undefined,
          order: 'newest',
          after: undefined,
          limit: 50,
          uid,
        },
        ...filter,
      }),
  }
}

function statistics(by: 'model' | 'user', now: number): Question {
  const { from, to } = rangeOf(timeZoneOf(SHANGHAI), '30d', now)
  return {
    ...{ name: `statistics by ${by}, admin`, wantedMs: undefined, as: 'admin' },
    path: `/admin/api/usage/statistics?by=${by}`,
    ask: (db) => createUsageStatistics(db).statistics({ by, from, to, sort: 'tokens', limit: 50 }),
  }
}

function logs(query: string, filter: Partial<LogQuery>, now: number): Question {
  const from = new Date(now - 30 * DAY_MS)
  return {
    ...{ name: `logs ${query}, admin`, wantedMs: LISTS_MS, as: 'admin' },
    path: `/admin/api/logs?${query}&from=${from.toISOString()}`,
    ask: (db) =>
      createProxyLogList(db).list({
        ...{ from, to: new Date(now + DAY_MS), uid: undefined, status: undefined },
        ...{ statusClass: undefined, path: undefined, method: undefined, verdict: undefined },
        ...{ ip: undefined, requestId: undefined, order: 'newest', after: undefined, limit: 50 },
        ...filter,
      }),
  }
}

function baseOf(as: Question['as']): string {
  return as === 'person' ? '/api' : '/admin/api'
}
