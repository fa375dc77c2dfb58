/** /admin/api/users: who has an account, and changing its state, role and own limits. */

import { Hono } from 'hono'
import { z } from 'zod'
import { GATE_HEADERS } from '#contract/headers.ts'
import { formatOwnLimits } from '#contract/own-limits.ts'
import { formatRevocation } from '#contract/revocation.ts'
import { auditOrigin } from '../audit-origin.ts'
import type { App, AppEnv } from '../context.ts'
import type { Deps } from '../deps.ts'
import { createCursors } from '../domain/cursor.ts'
import { Failure } from '../failure.ts'
import { tellRedis } from '../session-end.ts'
import type { ListedUser } from '../stores/users.ts'
import { idParam } from './ids.ts'
import { type OperationSpec, operation, serve } from './operation.ts'
import { cursorParam, limitParam, readCursor, toPage } from './paging.ts'
import { LimitsByPolicy, Role, State, UserView, userView } from './user-view.ts'

/** Length of users.limits. */
const MAX_LIMITS_CHARACTERS = 255

const OwnLimits = LimitsByPolicy.refine(
  (limits) => limitsText(limits).length <= MAX_LIMITS_CHARACTERS,
)

const UserChange = z
  .strictObject({
    version: z.int().min(1).meta({ description: 'Of the account as the change expects it.' }),
    state: State.exactOptional(),
    role: Role.exactOptional(),
    limits: OwnLimits.exactOptional(),
  })
  .refine((body) => Object.keys(body).length > 1)

const UserFilter = z.strictObject({
  limit: limitParam,
  cursor: cursorParam,
  id: idParam.optional(),
  name: z
    .string()
    .min(1)
    .max(64)
    .optional()
    .meta({ description: 'A part of the name, whatever the case.' }),
  role: Role.optional(),
  state: State.optional(),
})

const UserId = z.strictObject({ id: idParam })

const listUsers = operation({
  id: 'listUsers',
  method: 'get',
  path: '/admin/api/users',
  tag: 'Administration',
  summary: 'Lists accounts in the order in which they were made.',
  access: 'admin',
  query: UserFilter,
  answers: {
    200: {
      description: 'A page of accounts.',
      schema: z.strictObject({ items: z.array(UserView), next: z.string().nullable() }),
    },
  },
})

const readUser = operation({
  id: 'readUser',
  method: 'get',
  path: '/admin/api/users/{id}',
  tag: 'Administration',
  summary: 'Shows one account.',
  access: 'admin',
  params: UserId,
  answers: { 200: { description: 'The account.', schema: UserView } },
})

const changeUser = operation({
  id: 'changeUser',
  method: 'patch',
  path: '/admin/api/users/{id}',
  tag: 'Administration',
  summary: 'Changes state, role or own limits; who loses something is signed out.',
  access: 'admin',
  params: UserId,
  body: UserChange,
  answers: { 200: { description: 'The account as it is now.', schema: UserView } },
  problems: ['conflict', 'last_admin'],
})

export const ADMIN_USER_OPERATIONS: readonly OperationSpec[] = [listUsers, readUser, changeUser]

export function adminUserRoutes(deps: Deps): App {
  const app: App = new Hono<AppEnv>()
  const { users, userStates } = deps
  const cursors = createCursors(deps.env.workerSecret, 'users')

  serve(app, listUsers, async (c, { query }) => {
    const { limit, cursor, id, name, role, state } = query
    const [afterId = '0'] = readCursor(cursors, cursor) ?? []
    const found = await users.list({ id, name, role, state, afterId, limit: limit + 1 })
    const counts = await activeSessions(found)
    return c.json(
      toPage(
        found,
        limit,
        (user) => userView(user, counts?.get(user.id) ?? null),
        (user: ListedUser) => cursors.encode([user.id]),
      ),
    )
  })

  serve(app, readUser, async (c, { params }) => {
    const [user] = await users.list({ id: params.id, afterId: '0', limit: 1 })
    if (user === undefined) throw new Failure('not_found')
    return c.json(await fullView(user))
  })

  serve(app, changeUser, async (c, { params: { id }, body, who }) => {
    const { version, limits, ...rest } = body
    const change = { ...rest, ...(limits !== undefined && { limits: limitsText(limits) }) }
    const origin = await auditOrigin(deps, c)
    const changed = await userStates.change(id, change, version, origin)
    if (changed === undefined) throw new Failure('not_found')
    const { before, after } = changed
    if (before === undefined) throw new Failure('conflict', { current: await fullView(after) })
    deps.log.info({ requestId: c.var.requestId, uid: who.uid, user: id, ...change }, 'user changed')
    if (after.epoch > before.epoch) {
      const revocation = { kind: 'epoch', uid: id, epoch: after.epoch } as const
      c.header(GATE_HEADERS.revoke, formatRevocation(revocation))
    }
    await tellRedis(deps, c, after)
    return c.json(await fullView(after))
  })

  async function fullView(user: ListedUser) {
    const counts = await activeSessions([user])
    return userView(user, counts?.get(user.id) ?? null)
  }

  /** Returns the number of live sessions by user, or undefined while Redis is away. */
  async function activeSessions(
    found: readonly ListedUser[],
  ): Promise<ReadonlyMap<string, number> | undefined> {
    try {
      const lists = await deps.sessions.list(found.map(({ id }) => id))
      return new Map(found.map(({ id }, index) => [id, lists[index]?.length ?? 0]))
    } catch (error) {
      if (error instanceof Failure) return undefined
      throw error
    }
  }

  return app
}

function limitsText(limits: Readonly<Record<string, number>>): string {
  return formatOwnLimits(new Map(Object.entries(limits)))
}
