/** GET /admin/api/logs: the requests that passed the gate, from new to old. */

import { Hono } from 'hono'
import { z } from 'zod'
import type { App, AppEnv } from '../context.ts'
import type { Deps } from '../deps.ts'
import { createCursors } from '../domain/cursor.ts'
import { requireAdmin } from '../guards.ts'
import type { ListedLog, LogPosition } from '../stores/proxy-logs.ts'
import { parseQuery } from './json-body.ts'
import { cursorParam, limitParam, readCursor, toPage } from './paging.ts'
import { findUserId, userParam } from './user-filter.ts'

/** Length of the range if none is given: the last day. */
const RANGE_MS = 86_400_000

const instant = z.iso.datetime({ offset: true }).transform((text) => new Date(text))

const LogFilter = z
  .strictObject({
    limit: limitParam,
    cursor: cursorParam,
    user: userParam,
    /** `404`, or `4xx` for the whole class. */
    status: z
      .string()
      .regex(/^[1-5](\d\d|xx)$/)
      .optional(),
    /** Beginning of the path. */
    path: z.string().startsWith('/').max(512).optional(),
    from: instant.optional(),
    to: instant.optional(),
  })
  .refine(({ from, to }) => from === undefined || to === undefined || from < to, {
    path: ['to'],
    message: 'must be after from',
  })

export function adminLogRoutes(deps: Deps): App {
  const app: App = new Hono<AppEnv>()
  const cursors = createCursors(deps.env.workerSecret, 'logs')

  app.get('/admin/api/logs', async (c) => {
    requireAdmin(c)
    const filter = parseQuery(c, LogFilter)
    const after = toPosition(readCursor(cursors, filter.cursor))
    const now = deps.now()
    // Open to the future, because the gate's clock may be a little ahead of ours.
    const to = filter.to ?? new Date(now + RANGE_MS)
    const from = filter.from ?? new Date((filter.to?.getTime() ?? now) - RANGE_MS)
    const found = await deps.proxyLogs.list({
      from,
      to,
      ...statusRange(filter.status),
      path: filter.path,
      uid: await findUserId(deps.users, filter.user),
      after,
      limit: filter.limit + 1,
    })
    return c.json(
      toPage(
        found,
        filter.limit,
        ({ view }) => view,
        ({ position }: ListedLog) =>
          cursors.encode([String(position.createdAt.getTime()), position.requestId]),
      ),
    )
  })

  return app
}

function statusRange(status: string | undefined) {
  if (status === undefined) return { status: undefined, statusSpan: 1 }
  return status.endsWith('xx')
    ? { status: Number(status[0]) * 100, statusSpan: 100 }
    : { status: Number(status), statusSpan: 1 }
}

function toPosition(parts: readonly string[] | undefined): LogPosition | undefined {
  if (parts === undefined) return undefined
  const [createdAt, requestId = ''] = parts
  return { createdAt: new Date(Number(createdAt)), requestId }
}
