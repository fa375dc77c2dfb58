/**
 * POST /admin/api/users and /admin/api/users/{id}/reset-password: accounts whose password an
 * administrator gives. It opens nothing but the change of itself.
 */

import { Hono } from 'hono'
import { z } from 'zod'
import type { MadeUser, ResetPassword } from '#contract/api.ts'
import { GATE_HEADERS } from '#contract/headers.ts'
import { formatRevocation } from '#contract/revocation.ts'
import type { App, AppEnv } from '../context.ts'
import type { Deps } from '../deps.ts'
import { newOneTimePassword } from '../domain/one-time-password.ts'
import { passwordFault } from '../domain/password-policy.ts'
import { Failure } from '../failure.ts'
import { requireAdmin } from '../guards.ts'
import { tellRedis } from '../session-end.ts'
import { isDuplicate } from '../stores/mysql-errors.ts'
import { parseJson } from './json-body.ts'
import { FAULTS } from './password-faults.ts'
import { userView } from './user-view.ts'
import { wrongField } from './wrong-field.ts'

/** Letters and digits of any script, and of marks those that mail addresses have. */
const USERNAME = /^[\p{L}\p{N}][\p{L}\p{M}\p{N}._@+-]*$/u

const NewUser = z.strictObject({
  username: z.string().normalize('NFC').min(1).max(64).regex(USERNAME),
  password: z.string().exactOptional(),
  role: z.enum(['user', 'admin']),
})

export function adminAccountRoutes(deps: Deps): App {
  const app: App = new Hono<AppEnv>()

  app.post('/admin/api/users', async (c) => {
    const admin = requireAdmin(c)
    const { username, password, role } = await parseJson(c, NewUser)
    // Lists of administrators take a user's name or id.
    if (/^\d+$/.test(username)) throw wrongField(c, 'username', NUMBER)
    const fault = password === undefined ? undefined : passwordFault(password, username)
    if (fault !== undefined) throw wrongField(c, 'password', FAULTS[fault])
    const given = password ?? newOneTimePassword()
    const account = { username, role, mustChange: 1 } as const
    const id = await create({ ...account, passwordHash: await deps.argon.hash(given) })
    deps.log.info({ requestId: c.var.requestId, uid: admin.uid, user: id, role }, 'user made')
    const fresh = {
      state: 'enabled',
      epoch: 1,
      revision: 1,
      limits: '',
      lastLoginAt: null,
    } as const
    const user = userView({ ...account, ...fresh, id }, 0)
    return c.json({ user, password: password === undefined ? given : null } satisfies MadeUser, 201)
  })

  app.post('/admin/api/users/:id/reset-password', async (c) => {
    const admin = requireAdmin(c)
    const { requestId } = c.var
    const id = c.req.param('id')
    if (!/^[1-9]\d{0,18}$/.test(id)) throw new Failure('not_found')
    const password = newOneTimePassword()
    const passwordHash = await deps.argon.hash(password)
    const user = await deps.userStates.setPassword(id, { passwordHash, mustChange: 1 })
    if (user === undefined) throw new Failure('not_found')
    deps.log.info({ requestId, uid: admin.uid, user: id }, 'password reset')
    deps.passwordDuty.forget(id)
    const revocation = { kind: 'epoch', uid: id, epoch: user.epoch } as const
    c.header(GATE_HEADERS.revoke, formatRevocation(revocation))
    await tellRedis(deps, c, user)
    return c.json({ password } satisfies ResetPassword)
  })

  async function create(user: Parameters<Deps['users']['create']>[0]): Promise<string> {
    try {
      return await deps.users.create(user)
    } catch (error) {
      if (isDuplicate(error)) throw new Failure('username_taken')
      throw error
    }
  }

  return app
}

const NUMBER = { en: 'A name needs a letter.', 'zh-CN': '用户名不能只有数字。' }
