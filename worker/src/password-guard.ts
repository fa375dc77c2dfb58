import type { MiddlewareHandler } from 'hono'
import type { AppEnv } from './context.ts'
import type { PasswordDuty } from './domain/password-duty.ts'
import { Failure } from './failure.ts'

/** Signing in and out lie outside. */
const APIS = /^\/(?:api|admin|v1)\//

/** Ways to a password that its owner alone knows. */
const CHANGES: ReadonlySet<string> = new Set(['/api/me/password', '/api/password-reset'])

/**
 * Refuses everything but the change itself to people, and to programs of people, who use a password
 * that an administrator gave: it is known to two, so nothing may be done in its owner's name.
 */
export function demandOwnPassword(duty: PasswordDuty): MiddlewareHandler<AppEnv> {
  return async (c, next) => {
    const { identity, program } = c.var
    const who = identity ?? program
    const isChange = c.req.method === 'POST' && CHANGES.has(c.req.path)
    if (who !== undefined && APIS.test(c.req.path) && !isChange) {
      const isOwed = await duty.isOwed(who.uid, identity?.session)
      if (isOwed) throw new Failure('password_change_required')
    }
    await next()
  }
}
