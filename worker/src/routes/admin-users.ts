/** /admin/api/users: who has an account, and changing its state, role and own limits. */

import { Hono } from 'hono'
import { z } from 'zod'
import { GATE_HEADERS } from '#contract/headers.ts'
import { MAX_QUOTA } from '#contract/limit-policy.ts'
import { formatOwnLimits } from '#contract/own-limits.ts'
import { formatRevocation } from '#contract/revocation.ts'
import type { App, AppEnv } from '../context.ts'
import type { Deps } from '../deps.ts'
import { createCursors } from '../domain/cursor.ts'
import { Failure } from '../failure.ts'
import { requireAdmin } from '../guards.ts'
import { tellRedis } from '../session-end.ts'
import type { UserChange } from '../stores/user-states.ts'
import type { ListedUser } from '../stores/users.ts'
import { parseJson, parseQuery } from './json-body.ts'
import { cursorParam, limitParam, readCursor, toPage } from './paging.ts'
import { userView } from './user-view.ts'

/** Length of users.limits. */
const MAX_LIMITS_CHARACTERS = 255

const OwnLimits = z
  .record(z.string().regex(/^[a-z][a-z0-9_-]{0,31}$/), z.int().min(1).max(MAX_QUOTA))
  .transform((limits) => formatOwnLimits(new Map(Object.entries(limits))))
  .pipe(z.string().max(MAX_LIMITS_CHARACTERS))

const ChangeBody = z
  .strictObject({
    state: z.enum(['enabled', 'disabled']).exactOptional(),
    role: z.enum(['user', 'admin']).exactOptional(),
    limits: OwnLimits.exactOptional(),
  })
  .refine((body) => Object.keys(body).length > 0)

const ListQuery = z.strictObject({ limit: limitParam, cursor: cursorParam })

export function adminUserRoutes(deps: Deps): App {
  const app: App = new Hono<AppEnv>()
  const cursors = createCursors(deps.env.workerSecret, 'users')

  app.get('/admin/api/users', async (c) => {
    requireAdmin(c)
    const { limit, cursor } = parseQuery(c, ListQuery)
    const [afterId = '0'] = readCursor(cursors, cursor) ?? []
    const users = await deps.users.list(afterId, limit + 1)
    const counts = await activeSessions(users)
    const page = toPage(
      users,
      limit,
      (user) => userView(user, counts?.get(user.id) ?? null),
      ({ id }: ListedUser) => cursors.encode([id]),
    )
    return c.json(page)
  })

  app.patch('/admin/api/users/:id', async (c) => {
    const admin = requireAdmin(c)
    const change: UserChange = await parseJson(c, ChangeBody)
    const id = c.req.param('id')
    const changed = /^[1-9]\d{0,18}$/.test(id) && (await deps.userStates.change(id, change))
    if (!changed) throw new Failure('not_found')
    const { before, after } = changed
    const { requestId } = c.var
    deps.log.info({ requestId, uid: admin.uid, user: id, ...change }, 'user changed')
    if (after.epoch > before.epoch) {
      const revocation = { kind: 'epoch', uid: id, epoch: after.epoch } as const
      c.header(GATE_HEADERS.revoke, formatRevocation(revocation))
    }
    await tellRedis(deps, c, after)
    const counts = await activeSessions([after])
    return c.json(userView(after, counts?.get(id) ?? null))
  })

  /** Returns the number of live sessions by user, or undefined while Redis is away. */
  async function activeSessions(
    users: readonly ListedUser[],
  ): Promise<ReadonlyMap<string, number> | undefined> {
    try {
      const lists = await deps.sessions.list(users.map(({ id }) => id))
      return new Map(users.map(({ id }, index) => [id, lists[index]?.length ?? 0]))
    } catch (error) {
      if (error instanceof Failure) return undefined
      throw error
    }
  }

  return app
}
