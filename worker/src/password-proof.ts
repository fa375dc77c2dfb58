/** Judging a password that somebody sent, ever more slowly for those who guess. */

import type { AppContext } from './context.ts'
import type { Deps } from './deps.ts'
import { FREE_FAILURES, LOGIN_WINDOW_S } from './domain/login-delay.ts'
import { loginSubject } from './domain/login-origin.ts'
import { Failure } from './failure.ts'
import type { User } from './stores/users.ts'

/**
 * Returns true if the password is the user's and the account is enabled. An attempt counts as failed
 * unless it is right; it takes as long for a name that nobody has.
 * @param user undefined: there is no such account
 * @param account Users.nameKey of the name
 * @throws {Failure} rate_limited after too many failures; worker_unavailable
 */
export async function isRightPassword(
  deps: Deps,
  c: AppContext,
  user: User | undefined,
  account: string,
  password: string,
): Promise<boolean> {
  const { ip, requestId, identity } = c.var
  const origin = { ip, session: identity?.uid === user?.id ? identity?.session : undefined }
  const subject = loginSubject(account, user?.lastLoginIp ?? '', origin)
  const waitMs = await deps.loginThrottle.reserve(subject, requestId)
  if (waitMs > 0) throw throttled(deps, c, user, waitMs)
  let matches: boolean
  try {
    matches = await deps.argon.verify(user?.passwordHash, password)
  } catch (error) {
    await deps.loginThrottle.release(subject, requestId)
    throw error
  }
  if (!matches || user?.state !== 'enabled') {
    deps.log.info({ requestId, uid: user?.id, ip }, 'password refused')
    return false
  }
  // Not waited for: a Redis that is silent would delay the answer, and commands keep their order.
  void deps.loginThrottle.reset(subject)
  return true
}

function throttled(deps: Deps, c: AppContext, user: User | undefined, waitMs: number): Failure {
  const { ip, requestId } = c.var
  deps.log.warn({ requestId, uid: user?.id, ip, waitMs }, 'guessing at a password throttled')
  return new Failure('rate_limited', {
    retryAfter: Math.ceil(waitMs / 1000),
    limit: { quota: FREE_FAILURES, windowSeconds: LOGIN_WINDOW_S },
  })
}
