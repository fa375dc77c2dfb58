/** POST /api/me/password: people choose another password, and are signed out everywhere else. */

import { Hono } from 'hono'
import { z } from 'zod'
import { GATE_HEADERS } from '#contract/headers.ts'
import { formatRevocation } from '#contract/revocation.ts'
import type { App, AppContext, AppEnv } from '../context.ts'
import type { Deps } from '../deps.ts'
import { MAX_PASSWORD_UNITS, passwordFault } from '../domain/password-policy.ts'
import { Failure } from '../failure.ts'
import { isRightPassword } from '../password-proof.ts'
import { clearSessionCookie, setSessionCookie } from '../session-cookie.ts'
import { startSession } from '../session-start.ts'
import type { GateUser } from '../stores/users.ts'
import { type OperationSpec, operation, serve } from './operation.ts'
import { FAULTS } from './password-faults.ts'
import { wrongField } from './wrong-field.ts'

const ChangeBody = z.strictObject({
  current_password: z.string().min(1).max(MAX_PASSWORD_UNITS),
  new_password: z.string(),
})

const changePassword = operation({
  id: 'changePassword',
  method: 'post',
  path: '/api/me/password',
  tag: 'Account',
  summary: 'Changes the password, and ends all other sessions.',
  access: 'user',
  body: ChangeBody,
  answers: {
    204: {
      description: 'It is changed.',
      headers: { 'Set-Cookie': 'A new session in place of the one that asked.' },
    },
  },
})

export const PASSWORD_OPERATIONS: readonly OperationSpec[] = [changePassword]

export function passwordRoutes(deps: Deps): App {
  const app: App = new Hono<AppEnv>()

  serve(app, changePassword, async (c, { who, body }) => {
    const { uid } = who
    const { current_password: current, new_password: wanted } = body
    const user = await deps.users.findById(uid)
    if (user?.state !== 'enabled') throw new Failure('unauthenticated')
    const fault = passwordFault(wanted, user.username, current)
    if (fault !== undefined) throw wrongField(c, 'new_password', FAULTS[fault])
    const account = await deps.users.nameKey(user.username)
    const isRight = await isRightPassword(deps, c, user, account, current)
    if (!isRight) throw wrongField(c, 'current_password', WRONG)
    const change = { passwordHash: await deps.argon.hash(wanted), mustChange: 0 } as const
    const changed = await deps.userStates.setPassword(uid, { ...change, from: user.epoch })
    // Changed, disabled or signed out everywhere since its password was proved.
    if (changed === undefined) throw new Failure('unauthenticated')
    deps.log.info({ requestId: c.var.requestId, uid, epoch: changed.epoch }, 'password changed')
    const revocation = { kind: 'epoch', uid, epoch: changed.epoch } as const
    c.header(GATE_HEADERS.revoke, formatRevocation(revocation))
    await goOn(c, changed)
    return c.body(null, 204)
  })

  /**
   * Gives this browser a session of the new epoch. Not the old one carried over: whoever has a copy of
   * its cookie is to be out as well. The session and the gate's copy of the user are written in one
   * step; if somebody else ends all sessions meanwhile, this one is of an earlier epoch and never lives.
   */
  async function goOn(c: AppContext, user: GateUser): Promise<void> {
    try {
      setSessionCookie(c, deps.env, await startSession(deps, c, user))
    } catch (err) {
      // The password is changed all the same, and the outbox tells Redis when it is back.
      deps.log.warn({ requestId: c.var.requestId, uid: user.id, err }, 'signed out by a change')
      clearSessionCookie(c, deps.env)
    }
  }

  return app
}

const WRONG = { en: 'This is not your current password.', 'zh-CN': '当前密码不正确。' }
