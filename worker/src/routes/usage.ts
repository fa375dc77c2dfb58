/** Token usage: one's own under /api, everybody's under /admin/api. */

import { Hono } from 'hono'
import { z } from 'zod'
import type { UsageRecord, UsageSummary } from '#contract/api.ts'
import type { App, AppContext, AppEnv } from '../context.ts'
import type { Deps } from '../deps.ts'
import { createCursors } from '../domain/cursor.ts'
import { createCalendar } from '../domain/periods.ts'
import { requireAdmin, requireUser } from '../guards.ts'
import type { ListedUsage, UsagePosition } from '../stores/usage-reports.ts'
import { parseQuery } from './json-body.ts'
import { cursorParam, limitParam, readCursor, toPage } from './paging.ts'
import { findUserId, userParam } from './user-filter.ts'

const NoQuery = z.strictObject({})
const OwnRecords = z.strictObject({ limit: limitParam, cursor: cursorParam })
const AllRecords = OwnRecords.extend({ user: userParam })

export function usageRoutes(deps: Deps): App {
  const app: App = new Hono<AppEnv>()
  const cursors = createCursors(deps.env.workerSecret, 'usage')
  const periodsAt = createCalendar(deps.env.timezone)

  app.get('/api/usage/summary', async (c) => {
    const { uid } = requireUser(c)
    parseQuery(c, NoQuery)
    return await summary(c, uid)
  })

  app.get('/api/usage/records', async (c) => {
    const { uid } = requireUser(c)
    const { limit, cursor } = parseQuery(c, OwnRecords)
    return await records(c, uid, limit, cursor, withoutKey)
  })

  app.get('/admin/api/usage/summary', async (c) => {
    requireAdmin(c)
    parseQuery(c, NoQuery)
    return await summary(c, undefined)
  })

  app.get('/admin/api/usage/records', async (c) => {
    requireAdmin(c)
    const { limit, cursor, user } = parseQuery(c, AllRecords)
    const uid = await findUserId(deps.users, user)
    return await records(c, uid, limit, cursor, (record) => record)
  })

  async function summary(c: AppContext, uid: string | undefined): Promise<Response> {
    const sums = await deps.usageReports.summary(uid, periodsAt(deps.now()))
    return c.json({ ...sums, timezone: deps.env.timezone } satisfies UsageSummary)
  }

  async function records(
    c: AppContext,
    uid: string | undefined,
    limit: number,
    cursor: string | undefined,
    shown: (record: UsageRecord) => UsageRecord,
  ): Promise<Response> {
    const after = toPosition(readCursor(cursors, cursor))
    const found = await deps.usageReports.list({ uid, after, limit: limit + 1 })
    return c.json(
      toPage(
        found,
        limit,
        ({ record }) => shown(record),
        ({ position }: ListedUsage) =>
          cursors.encode([String(position.startedAt.getTime()), position.id]),
      ),
    )
  }

  return app
}

/** Which of our keys was used is the admins' business. */
function withoutKey(record: UsageRecord): UsageRecord {
  return { ...record, key_alias: null }
}

function toPosition(parts: readonly string[] | undefined): UsagePosition | undefined {
  if (parts === undefined) return undefined
  const [startedAt, id = ''] = parts
  return { startedAt: new Date(Number(startedAt)), id }
}
