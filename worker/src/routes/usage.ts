/** /api/usage: one's own usage. */

import { Hono } from 'hono'
import { z } from 'zod'
import type { App, AppEnv } from '../context.ts'
import type { Deps } from '../deps.ts'
import { type OperationSpec, operation, serve } from './operation.ts'
import { pageOf } from './paging.ts'
import { usageAnswers } from './usage-answers.ts'
import {
  RECORDS_DESCRIPTION,
  recordParams,
  SERIES_DESCRIPTION,
  seriesParams,
} from './usage-params.ts'
import { UsageRecord, UsageSeries, UsageSummary } from './usage-schemas.ts'

const ownSummary = operation({
  id: 'getUsageSummary',
  method: 'get',
  path: '/api/usage/summary',
  tag: 'Usage',
  summary:
    'Sums one’s own usage of today, this week, this month and ever, and of the periods before.',
  description: 'A call counts when it has ended, in the period in which it began.',
  access: 'user',
  answers: { 200: { description: 'The sums.', schema: UsageSummary } },
})

const ownSeries = operation({
  id: 'getUsageSeries',
  method: 'get',
  path: '/api/usage/series',
  tag: 'Usage',
  summary: 'Sums one’s own usage hour by hour or day by day.',
  description: SERIES_DESCRIPTION,
  access: 'user',
  query: z.strictObject({
    ...seriesParams,
    group: z.enum(['none', 'model', 'status']).default('none'),
  }),
  answers: { 200: { description: 'Every bucket, empty ones too.', schema: UsageSeries } },
})

const ownRecords = operation({
  id: 'listUsageRecords',
  isLimited: true,
  method: 'get',
  path: '/api/usage/records',
  tag: 'Usage',
  summary: 'Lists one’s own calls of the model.',
  description: RECORDS_DESCRIPTION,
  access: 'user',
  query: z.strictObject(recordParams),
  answers: {
    200: { description: 'A page, or a file.', schema: pageOf(UsageRecord), type: 'text/csv' },
  },
})

export const USAGE_OPERATIONS: readonly OperationSpec[] = [ownSummary, ownSeries, ownRecords]

export function usageRoutes(deps: Deps): App {
  const app: App = new Hono<AppEnv>()
  const answers = usageAnswers(deps)

  serve(app, ownSummary, (c, { who: { uid } }) => answers.summary({ c, asker: uid, uid }))

  serve(app, ownSeries, (c, { who: { uid }, query }) =>
    answers.series({ c, asker: uid, uid }, query),
  )

  serve(app, ownRecords, (c, { who: { uid }, query }) => {
    const { model, ending, token } = query
    return answers.records(
      { c, asker: uid, uid },
      query,
      { model, ending, token, key: undefined },
      false,
    )
  })

  return app
}
