/** POST /api/password-reset: whoever has a link from an administrator chooses another password. */

import { Hono } from 'hono'
import { z } from 'zod'
import { GATE_HEADERS } from '#contract/headers.ts'
import { formatRevocation } from '#contract/revocation.ts'
import type { App, AppEnv } from '../context.ts'
import type { Deps } from '../deps.ts'
import { loginSubject } from '../domain/login-origin.ts'
import { passwordFault } from '../domain/password-policy.ts'
import { resetTokenHash } from '../domain/reset-token.ts'
import { Failure } from '../failure.ts'
import { tellRedis } from '../session-end.ts'
import { type OperationSpec, operation, serve } from './operation.ts'
import { FAULTS } from './password-faults.ts'
import { wrongField } from './wrong-field.ts'

/** More than any token has. */
const MAX_TOKEN_CHARACTERS = 128

const useResetLink = operation({
  id: 'useResetLink',
  method: 'post',
  path: '/api/password-reset',
  tag: 'Signing in',
  summary: 'Chooses another password by a link from an administrator.',
  description: 'All sessions of the account are over then; sign in with the new password.',
  access: 'open',
  body: z.strictObject({
    token: z.string().min(1).max(MAX_TOKEN_CHARACTERS),
    new_password: z.string(),
  }),
  answers: { 204: { description: 'The password is changed, and the link used up.' } },
  problems: ['invalid_reset_link', 'rate_limited'],
})

export const PASSWORD_RESET_OPERATIONS: readonly OperationSpec[] = [useResetLink]

export function passwordResetRoutes(deps: Deps): App {
  const app: App = new Hono<AppEnv>()
  const { passwordResets, users } = deps

  serve(app, useResetLink, async (c, { body }) => {
    const { ip, requestId } = c.var
    const hash = resetTokenHash(body.token)
    const owner = await passwordResets.find(hash, new Date(deps.now()))
    if (owner === undefined) throw new Failure('invalid_reset_link')
    const fault = passwordFault(body.new_password, owner.username)
    if (fault !== undefined) throw wrongField(c, 'new_password', FAULTS[fault])
    const passwordHash = await deps.argon.hash(body.new_password)
    const at = new Date(deps.now())
    const user = await passwordResets.use(hash, at, passwordHash, { ip, requestId })
    if (user === undefined) throw new Failure('invalid_reset_link')
    deps.log.info({ requestId, uid: user.id, ip }, 'password changed by a link')
    deps.passwordDuty.forget(user.id)
    // Who has forgotten a password has tried some.
    const account = await users.nameKey(user.username)
    const subject = loginSubject(account, owner.lastLoginIp, { ip, session: undefined })
    void deps.loginThrottle.reset(subject)
    const revocation = { kind: 'epoch', uid: user.id, epoch: user.epoch } as const
    c.header(GATE_HEADERS.revoke, formatRevocation(revocation))
    await tellRedis(deps, c, user)
    return c.body(null, 204)
  })

  return app
}
