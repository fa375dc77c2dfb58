/** Answers about usage, the same for one person and for administrators. */

import type { Page, UsageRecord, UsageSummary } from '#contract/api.ts'
import type { UsageSeries } from '#contract/usage.ts'
import type { AppContext } from '../context.ts'
import type { Deps } from '../deps.ts'
import { type Cell, localTime } from '../domain/csv.ts'
import { createCursors } from '../domain/cursor.ts'
import {
  type BucketSize,
  bucketEdges,
  MOST_BUCKETS,
  type NamedRange,
} from '../domain/time-buckets.ts'
import type { TimeZone } from '../domain/time-zone.ts'
import { ownZone } from '../own-zone.ts'
import type { Order } from '../stores/keyset.ts'
import type { UsageFilter } from '../stores/usage-records.ts'
import type { UsageGroup } from '../stores/usage-sum-parts.ts'
import { csvAnswer } from './csv-answer.ts'
import { readPlace, toPlacePage } from './place-page.ts'
import { askedRange, demandOrder, timeOf } from './time-range.ts'
import { usageSeries, usageSummary } from './usage-views.ts'
import { wrongField } from './wrong-field.ts'

export interface SeriesQuery {
  readonly range?: NamedRange | undefined
  readonly from?: string | undefined
  readonly to?: string | undefined
  readonly by?: BucketSize | undefined
  readonly group: UsageGroup
}

export interface RecordsQuery {
  readonly limit: number
  readonly cursor?: string | undefined
  readonly order: Order
  readonly format: 'json' | 'csv'
  readonly from?: string | undefined
  readonly to?: string | undefined
}

/** What is asked of whom: `uid` undefined means everybody. */
interface Asked {
  readonly c: AppContext
  /** Who asks: whose zone counts. */
  readonly asker: string
  readonly uid: string | undefined
}

export interface UsageAnswers {
  summary(asked: Asked): Promise<Response>
  series(asked: Asked, query: SeriesQuery): Promise<Response>
  /** @param isAdmin whether our keys and other people's names are shown */
  records(
    asked: Asked,
    query: RecordsQuery,
    filter: Pick<UsageFilter, 'model' | 'ending' | 'key' | 'token'>,
    isAdmin: boolean,
  ): Promise<Response>
}

const DAY_MS = 86_400_000

export function usageAnswers(deps: Deps): UsageAnswers {
  const cursors = createCursors(deps.env.workerSecret, 'usage')

  return {
    async summary({ c, asker, uid }) {
      const { name } = await ownZone(deps, asker)
      const summary = await usageSummary(deps.usageSums, uid, name, deps.now())
      return c.json(summary satisfies UsageSummary)
    },

    async series({ c, asker, uid }, query) {
      const { name, zone } = await ownZone(deps, asker)
      const { from, to } = askedRange(c, zone, query, '30d', deps.now())
      const by = query.by ?? (to - from <= 2.1 * DAY_MS ? 'hour' : 'day')
      const edges = bucketEdges(zone, by, from, to)
      if (edges === undefined) throw wrongField(c, 'by', TOO_MANY)
      const found = await deps.usageSums.sums(uid, edges, query.group)
      const names = query.group === 'key' ? await deps.names.keys([...found.keys()]) : NO_NAMES
      const about = { timezone: name, by, group: query.group }
      return c.json(usageSeries(found, edges, about, names) satisfies UsageSeries)
    },

    async records({ c, asker, uid }, query, filter, isAdmin) {
      const own = await ownZone(deps, asker)
      const from = timeOf(own.zone, query.from)
      const to = timeOf(own.zone, query.to)
      demandOrder(c, { from, to })
      const asked = { ...filter, uid, from, to, order: query.order }
      const place = readPlace(cursors, query.cursor)
      if (query.format === 'csv') {
        const lines = isAdmin ? ADMIN_LINES : OWN_LINES
        return csvAnswer(
          'usage',
          [`time_${own.name}`, ...lines.map(([head]) => head)],
          (next, limit) => deps.usageRecords.list({ ...asked, after: next ?? place, limit }),
          ({ record }) => cells(record, own.zone, lines),
        )
      }
      const found = await deps.usageRecords.list({ ...asked, after: place, limit: query.limit })
      const page = toPlacePage(found, cursors, ({ record }) =>
        isAdmin ? record : { ...record, key_alias: null },
      )
      return c.json(page satisfies Page<UsageRecord>)
    },
  }
}

const NO_NAMES: ReadonlyMap<string, string> = new Map()

const TOO_MANY = {
  en: `would be more than ${MOST_BUCKETS.hour} hours or ${MOST_BUCKETS.day} days`,
  'zh-CN': `将超过 ${MOST_BUCKETS.hour} 小时或 ${MOST_BUCKETS.day} 天`,
}

type Column = readonly [string, keyof UsageRecord]

const COUNTS = [
  ...(['prompt_tokens', 'cached_tokens', 'completion_tokens', 'reasoning_tokens'] as const),
  ...(['total_tokens', 'estimated', 'cost', 'currency', 'first_token_ms', 'duration_ms'] as const),
  'token_id',
] as const

const OWN_LINES: readonly Column[] = (
  [
    ...([
      'started_at',
      'request_id',
      'model_requested',
      'model',
      'ending',
      'finish_reason',
    ] as const),
    ...COUNTS,
  ] as const
).map((name) => [name === 'started_at' ? 'time_utc' : name, name] as const)

const ADMIN_LINES: readonly Column[] = [
  ...OWN_LINES,
  ['username', 'username'],
  ['key_alias', 'key_alias'],
]

function cells(record: UsageRecord, zone: TimeZone, lines: readonly Column[]): readonly Cell[] {
  const local = localTime(zone.wallClock(Date.parse(record.started_at)))
  return [local, ...lines.map(([, name]) => record[name])]
}
