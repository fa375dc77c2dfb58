/**
 * Accounts whose owners cannot sign in by themselves: making one, giving it another password, and links by
 * which people choose their own. A password that an administrator gives opens nothing but its change.
 */

import { Hono } from 'hono'
import { z } from 'zod'
import type * as Admin from '#contract/admin.ts'
import type { MadeUser, ResetPassword } from '#contract/api.ts'
import { GATE_HEADERS } from '#contract/headers.ts'
import { formatRevocation } from '#contract/revocation.ts'
import { auditOrigin } from '../audit-origin.ts'
import type { App, AppEnv } from '../context.ts'
import type { Deps } from '../deps.ts'
import type { AuditOrigin } from '../domain/audit.ts'
import { newOneTimePassword } from '../domain/one-time-password.ts'
import { passwordFault } from '../domain/password-policy.ts'
import { newResetToken, RESET_LINK_MS, resetTokenHash } from '../domain/reset-token.ts'
import { Failure } from '../failure.ts'
import { tellRedis } from '../session-end.ts'
import { isDuplicate } from '../stores/mysql-errors.ts'
import type { NewUser } from '../stores/users.ts'
import { idParam } from './ids.ts'
import { type OperationSpec, operation, serve } from './operation.ts'
import { FAULTS } from './password-faults.ts'
import { Role, UserView, userView } from './user-view.ts'
import { wrongField } from './wrong-field.ts'

/** Letters and digits of any script, and of marks those that mail addresses have. */
const USERNAME = /^[\p{L}\p{N}][\p{L}\p{M}\p{N}._@+-]*$/u

/** The page that reads the token; behind `#` it is in no log. */
const RESET_PAGE = '/password-reset'

const NewAccount = z.strictObject({
  username: z.string().normalize('NFC').min(1).max(64).regex(USERNAME),
  password: z
    .string()
    .exactOptional()
    .meta({ description: 'Default: one is made up, and told in the answer.' }),
  role: Role,
})

const UserId = z.strictObject({ id: idParam })

const makeUser = operation({
  id: 'makeUser',
  method: 'post',
  path: '/admin/api/users',
  tag: 'Administration',
  summary: 'Makes an account, whose password has to be changed before anything else.',
  access: 'admin',
  body: NewAccount,
  answers: {
    201: {
      description: 'The account; the only answer that holds a password that was made up.',
      schema: z.strictObject({
        user: UserView,
        password: z.string().nullable(),
      }) satisfies z.ZodType<MadeUser>,
    },
  },
  problems: ['username_taken'],
})

const resetPassword = operation({
  id: 'resetPassword',
  method: 'post',
  path: '/admin/api/users/{id}/reset-password',
  tag: 'Administration',
  summary: 'Gives an account another password, to be changed before anything else.',
  access: 'admin',
  params: UserId,
  answers: {
    200: {
      description: 'The only answer that holds the password. All sessions are over.',
      schema: z.strictObject({ password: z.string() }) satisfies z.ZodType<ResetPassword>,
    },
  },
})

const makeResetLink = operation({
  id: 'makeResetLink',
  method: 'post',
  path: '/admin/api/users/{id}/reset-link',
  tag: 'Administration',
  summary: 'Makes a link by which the owner of an account chooses another password, once.',
  description: 'The password before it works on until the link is used. Earlier links are revoked.',
  access: 'admin',
  params: UserId,
  answers: {
    201: {
      description: 'The only answer that holds the link.',
      schema: z.strictObject({
        path: z.string(),
        expires_at: z.iso.datetime(),
      }) satisfies z.ZodType<Admin.ResetLink>,
    },
  },
})

export const ADMIN_ACCOUNT_OPERATIONS: readonly OperationSpec[] = [
  makeUser,
  resetPassword,
  makeResetLink,
]

export function adminAccountRoutes(deps: Deps): App {
  const app: App = new Hono<AppEnv>()

  serve(app, makeUser, async (c, { body, who }) => {
    const { username, password, role } = body
    // Lists of administrators take a user's name or id.
    if (/^\d+$/.test(username)) throw wrongField(c, 'username', NUMBER)
    const fault = password === undefined ? undefined : passwordFault(password, username)
    if (fault !== undefined) throw wrongField(c, 'password', FAULTS[fault])
    const given = password ?? newOneTimePassword()
    const account = { username, role, mustChange: 1 } as const
    const origin = await auditOrigin(deps, c)
    const passwordHash = await deps.argon.hash(given)
    const id = await create({ ...account, passwordHash }, origin)
    deps.log.info({ requestId: c.var.requestId, uid: who.uid, user: id, role }, 'user made')
    const fresh = {
      state: 'enabled',
      epoch: 1,
      revision: 1,
      limits: '',
      lastLoginAt: null,
    } as const
    const user = userView({ ...account, ...fresh, id }, 0)
    return c.json({ user, password: password === undefined ? given : null }, 201)
  })

  serve(app, resetPassword, async (c, { params: { id }, who }) => {
    const { requestId } = c.var
    const origin = await auditOrigin(deps, c)
    const password = newOneTimePassword()
    const passwordHash = await deps.argon.hash(password)
    const user = await deps.userStates.setPassword(id, { passwordHash, mustChange: 1 }, origin)
    if (user === undefined) throw new Failure('not_found')
    deps.log.info({ requestId, uid: who.uid, user: id }, 'password reset')
    deps.passwordDuty.forget(id)
    const revocation = { kind: 'epoch', uid: id, epoch: user.epoch } as const
    c.header(GATE_HEADERS.revoke, formatRevocation(revocation))
    await tellRedis(deps, c, user)
    return c.json({ password })
  })

  serve(app, makeResetLink, async (c, { params: { id }, who }) => {
    const origin = await auditOrigin(deps, c)
    const token = newResetToken()
    const expiresAt = new Date(deps.now() + RESET_LINK_MS)
    const isMade = await deps.passwordResets.make(id, resetTokenHash(token), expiresAt, origin)
    if (!isMade) throw new Failure('not_found')
    const { requestId } = c.var
    deps.log.info({ requestId, uid: who.uid, user: id }, 'link to reset a password made')
    const link = { path: `${RESET_PAGE}#${token}`, expires_at: expiresAt.toISOString() }
    return c.json(link, 201)
  })

  async function create(user: NewUser, origin: AuditOrigin): Promise<string> {
    try {
      return await deps.users.create(user, origin)
    } catch (error) {
      if (isDuplicate(error)) throw new Failure('username_taken')
      throw error
    }
  }

  return app
}

const NUMBER = { en: 'A name needs a letter.', 'zh-CN': '用户名不能只有数字。' }
