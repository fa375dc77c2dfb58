/** /admin/api/usage: everybody's usage, or one person's. */

import { Hono } from 'hono'
import { z } from 'zod'
import type * as Contract from '#contract/usage.ts'
import type { App, AppEnv } from '../context.ts'
import type { Deps } from '../deps.ts'
import { NO_USAGE } from '../domain/usage-sum.ts'
import { ownZone } from '../own-zone.ts'
import type { UsageStatistic } from '../stores/usage-statistics.ts'
import { idParam } from './ids.ts'
import { type OperationSpec, operation, serve } from './operation.ts'
import { limitParam, pageOf } from './paging.ts'
import { askedRange, rangeParams } from './time-range.ts'
import { usageAnswers } from './usage-answers.ts'
import {
  RECORDS_DESCRIPTION,
  recordParams,
  SERIES_DESCRIPTION,
  seriesParams,
} from './usage-params.ts'
import { GROUPS, UsageRecord, UsageSeries, UsageStatistics, UsageSummary } from './usage-schemas.ts'
import { usageStatistic } from './usage-views.ts'
import { findUserId, userParam } from './user-filter.ts'

const user = userParam.meta({ description: 'Username or id of whose usage; default: everybody’s.' })

const summaryOfAll = operation({
  id: 'getUsageSummaryOfAll',
  method: 'get',
  path: '/admin/api/usage/summary',
  tag: 'Administration: usage',
  summary:
    'Sums everybody’s usage of today, this week, this month and ever, and of the periods before.',
  access: 'admin',
  query: z.strictObject({ user }),
  answers: { 200: { description: 'The sums.', schema: UsageSummary } },
})

const seriesOfAll = operation({
  id: 'getUsageSeriesOfAll',
  method: 'get',
  path: '/admin/api/usage/series',
  tag: 'Administration: usage',
  summary: 'Sums everybody’s usage hour by hour or day by day.',
  description: SERIES_DESCRIPTION,
  access: 'admin',
  query: z.strictObject({ ...seriesParams, user, group: z.enum(GROUPS).default('none') }),
  answers: { 200: { description: 'Every bucket, empty ones too.', schema: UsageSeries } },
})

const recordsOfAll = operation({
  id: 'listUsageRecordsOfAll',
  method: 'get',
  path: '/admin/api/usage/records',
  tag: 'Administration: usage',
  summary: 'Lists everybody’s calls of the model.',
  description: RECORDS_DESCRIPTION,
  access: 'admin',
  query: z.strictObject({ ...recordParams, user, key: idParam.optional() }),
  answers: {
    200: { description: 'A page, or a file.', schema: pageOf(UsageRecord), type: 'text/csv' },
  },
})

const statistics = operation({
  id: 'getUsageStatistics',
  method: 'get',
  path: '/admin/api/usage/statistics',
  tag: 'Administration: usage',
  summary: 'Tells what everybody’s calls were like, by model, key, ending or user.',
  description: `Times to the first token are read from a scale of steps of 19 %. By user neither they nor durations are
known. Without a range it is the last 30 days.`,
  access: 'admin',
  query: z.strictObject({
    ...rangeParams,
    by: z.enum(['model', 'key', 'status', 'user']).default('model'),
    sort: z.enum(['requests', 'tokens', 'cost']).default('tokens'),
    limit: limitParam,
  }),
  answers: { 200: { description: 'The largest first.', schema: UsageStatistics } },
})

export const ADMIN_USAGE_OPERATIONS: readonly OperationSpec[] = [
  ...[summaryOfAll, seriesOfAll, recordsOfAll, statistics],
]

export function adminUsageRoutes(deps: Deps): App {
  const app: App = new Hono<AppEnv>()
  const answers = usageAnswers(deps)

  serve(app, summaryOfAll, async (c, { who, query }) => {
    const uid = await findUserId(deps.users, query.user)
    return answers.summary({ c, asker: who.uid, uid })
  })

  serve(app, seriesOfAll, async (c, { who, query }) => {
    const uid = await findUserId(deps.users, query.user)
    return answers.series({ c, asker: who.uid, uid }, query)
  })

  serve(app, recordsOfAll, async (c, { who, query }) => {
    const uid = await findUserId(deps.users, query.user)
    const { model, ending, key, token } = query
    return answers.records({ c, asker: who.uid, uid }, query, { model, ending, key, token }, true)
  })

  serve(app, statistics, async (c, { who, query }) => {
    const { by, sort, limit } = query
    const { name, zone } = await ownZone(deps, who.uid)
    const { from, to } = askedRange(c, zone, query, '30d', deps.now())
    const [found, all] = await Promise.all(
      ([by, 'none'] as const).map((group) =>
        deps.usageStatistics.statistics({ by: group, from, to, sort, limit }),
      ),
    )
    const ids = (found ?? []).map(({ value }) => value)
    const names = await (by === 'user'
      ? deps.names.users(ids)
      : by === 'key'
        ? deps.names.keys(ids)
        : NO_NAMES)
    return c.json({
      timezone: name,
      from: new Date(from).toISOString(),
      to: new Date(to).toISOString(),
      by,
      total: usageStatistic(all?.[0] ?? NOTHING, 'none', names),
      items: (found ?? []).map((one) => usageStatistic(one, by, names)),
    } satisfies Contract.UsageStatistics)
  })

  return app
}

const NO_NAMES: ReadonlyMap<string, string> = new Map()

const NOTHING: UsageStatistic = {
  value: '',
  sum: NO_USAGE,
  failed: 0,
  estimated: 0,
  times: undefined,
}
