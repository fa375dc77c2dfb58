/** GET /admin/api/logs: the requests that passed the gate. */

import { Hono } from 'hono'
import { z } from 'zod'
import type * as Contract from '#contract/api.ts'
import type { App, AppEnv } from '../context.ts'
import type { Deps } from '../deps.ts'
import { type Cell, localTime } from '../domain/csv.ts'
import { createCursors } from '../domain/cursor.ts'
import type { TimeZone } from '../domain/time-zone.ts'
import { ownZone } from '../own-zone.ts'
import { CSV_DESCRIPTION, csvAnswer } from './csv-answer.ts'
import { type OperationSpec, operation, serve } from './operation.ts'
import { cursorParam, limitParam, pageOf } from './paging.ts'
import {
  formatParam,
  orderParam,
  readPlace,
  toPlacePage,
  WINDOW_DESCRIPTION,
} from './place-page.ts'
import { demandOrder, timeOf, timeParam } from './time-range.ts'
import { findUserId, userParam } from './user-filter.ts'

/** Length of the range if none is given: the last day. */
const RANGE_MS = 86_400_000

const count = z.int().min(0)

const ProxyLog = z
  .strictObject({
    created_at: z.iso.datetime().meta({ description: 'When the request began.' }),
    request_id: z.string(),
    username: z.string().nullable(),
    ip: z.string(),
    method: z.string().meta({ description: 'Empty if nginx could not parse the request.' }),
    path: z.string().meta({ description: 'Without the query.' }),
    status: count,
    completed: z.boolean().meta({ description: 'False: the client left before the end.' }),
    duration_ms: count,
    bytes_in: count,
    bytes_out: count,
    upstream_status: count.nullable().meta({ description: 'Null: the worker was not asked.' }),
    upstream_ms: count.nullable(),
    verdict: z.string().meta({ description: '`allow`, a problem code, or empty without a gate.' }),
    user_agent: z.string(),
  })
  .meta({ id: 'ProxyLog' }) satisfies z.ZodType<Contract.ProxyLogView>

const listLogs = operation({
  id: 'listLogs',
  method: 'get',
  path: '/admin/api/logs',
  tag: 'Administration: logs',
  summary: 'Lists the requests that came to the gate.',
  description: `Without \`from\` and \`to\` those of the last day; with \`request_id\` of any time. ${WINDOW_DESCRIPTION}

${CSV_DESCRIPTION}`,
  access: 'admin',
  query: z.strictObject({
    limit: limitParam,
    cursor: cursorParam,
    order: orderParam,
    format: formatParam,
    from: timeParam,
    to: timeParam.meta({ description: 'The first that is left out; as `from`.' }),
    user: userParam,
    status: z
      .string()
      .regex(/^[1-5](\d\d|xx)$/)
      .optional()
      .meta({ description: 'One, or a class.', example: '4xx' }),
    path: z.string().startsWith('/').max(512).optional().meta({ description: 'How it begins.' }),
    method: z
      .string()
      .regex(/^[A-Z]{1,32}$/)
      .optional(),
    verdict: z
      .string()
      .regex(/^[a-z_]{0,64}$/)
      .optional(),
    ip: z.union([z.ipv4(), z.ipv6()]).optional(),
    request_id: z
      .string()
      .regex(/^[0-9a-f]{32}$/)
      .optional(),
  }),
  answers: {
    200: { description: 'A page, or a file.', schema: pageOf(ProxyLog), type: 'text/csv' },
  },
})

export const ADMIN_LOG_OPERATIONS: readonly OperationSpec[] = [listLogs]

export function adminLogRoutes(deps: Deps): App {
  const app: App = new Hono<AppEnv>()
  const cursors = createCursors(deps.env.workerSecret, 'logs')

  serve(app, listLogs, async (c, { who, query }) => {
    const { path, method, verdict, ip, request_id: requestId, order, limit } = query
    const own = await ownZone(deps, who.uid)
    const range = { from: timeOf(own.zone, query.from), to: timeOf(own.zone, query.to) }
    demandOrder(c, range)
    const asked = {
      ...rangeOf(range, requestId === undefined ? RANGE_MS : Number.POSITIVE_INFINITY, deps.now()),
      ...statusOf(query.status),
      ...{ path, method, verdict, ip, requestId, order },
      uid: await findUserId(deps.users, query.user),
    }
    const place = readPlace(cursors, query.cursor)
    if (query.format === 'csv') {
      return csvAnswer(
        'requests',
        [`time_${own.name}`, 'time_utc', ...NAMES],
        (next, most) => deps.proxyLogList.list({ ...asked, after: next ?? place, limit: most }),
        ({ view }) => cells(view, own.zone),
      )
    }
    const found = await deps.proxyLogList.list({ ...asked, after: place, limit })
    return c.json(toPlacePage(found, cursors, ({ view }) => view) satisfies Page)
  })

  return app
}

type Page = Contract.Page<Contract.ProxyLogView>

const NAMES = [
  ...(['request_id', 'username', 'ip', 'method', 'path', 'status', 'completed'] as const),
  ...(['duration_ms', 'bytes_in', 'bytes_out', 'upstream_status', 'upstream_ms'] as const),
  ...(['verdict', 'user_agent'] as const),
] as const

function cells(view: Contract.ProxyLogView, zone: TimeZone): readonly Cell[] {
  const local = localTime(zone.wallClock(Date.parse(view.created_at)))
  return [local, view.created_at, ...NAMES.map((name) => view[name])]
}

/** Open to the future, because the gate's clock may be a little ahead of ours. */
function rangeOf(
  { from, to }: { readonly from: Date | undefined; readonly to: Date | undefined },
  lengthMs: number,
  now: number,
) {
  const beginning = Math.max(0, (to?.getTime() ?? now) - lengthMs)
  return { from: from ?? new Date(beginning), to: to ?? new Date(now + RANGE_MS) }
}

function statusOf(status: string | undefined) {
  if (status === undefined) return { status: undefined, statusClass: undefined }
  return status.endsWith('xx')
    ? { status: undefined, statusClass: Number(status[0]) }
    : { status: Number(status), statusClass: undefined }
}
