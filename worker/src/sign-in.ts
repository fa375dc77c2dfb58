/** Turning a name and a password into a session. */

import type { AppContext } from './context.ts'
import type { Deps } from './deps.ts'
import { FREE_FAILURES, LOGIN_WINDOW_S } from './domain/login-delay.ts'
import { loginSubject } from './domain/login-origin.ts'
import { newSession } from './domain/session-token.ts'
import { Failure } from './failure.ts'
import { endSession } from './session-end.ts'
import type { User } from './stores/users.ts'

const MAX_USER_AGENT = 256

export interface Credentials {
  readonly username: string
  readonly password: string
}

/**
 * Returns the user and the value of the new session's cookie. A session that came with the request
 * is ended, so that a cookie planted before the sign-in is worth nothing after it.
 * @throws {Failure} invalid_credentials, the same for an unknown name, a wrong password and a
 *   disabled account, in the same time; rate_limited after too many of them; storage_unavailable,
 *   session_store_unavailable
 */
export async function signIn(
  deps: Deps,
  c: AppContext,
  { username, password }: Credentials,
): Promise<{ readonly user: User; readonly cookie: string }> {
  const [found, account] = await Promise.all([
    deps.users.findByUsername(username),
    deps.users.nameKey(username),
  ])
  const user = await judge(deps, c, found, account, password)
  const session = newSession(user.id, deps.env.sessionSecret)
  const now = deps.now()
  const seconds = String(Math.floor(now / 1000))
  await deps.sessions.start({
    hash: session.hash,
    record: {
      created: seconds,
      last: seconds,
      epoch: String(user.epoch),
      ip: c.var.ip,
      ua: (c.req.header('User-Agent') ?? '').slice(0, MAX_USER_AGENT),
    },
    user,
  })
  if (c.var.identity !== undefined) await endSession(deps, c, c.var.identity)
  await noteSignIn(deps, c, user, password, new Date(now))
  return { user, cookie: session.cookie }
}

/** Returns the user if the password is theirs. An attempt counts as failed unless it is right. */
async function judge(
  deps: Deps,
  c: AppContext,
  user: User | undefined,
  account: string,
  password: string,
): Promise<User> {
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
  if (user === undefined || !matches || user.state !== 'enabled') {
    deps.log.info({ requestId, uid: user?.id, ip }, 'sign-in refused')
    throw new Failure('invalid_credentials')
  }
  // Not waited for: a Redis that is silent would delay the answer, and commands keep their order.
  void deps.loginThrottle.reset(subject)
  return user
}

function throttled(deps: Deps, c: AppContext, user: User | undefined, waitMs: number): Failure {
  const { ip, requestId } = c.var
  deps.log.warn({ requestId, uid: user?.id, ip, waitMs }, 'sign-in throttled')
  return new Failure('rate_limited', {
    retryAfter: Math.ceil(waitMs / 1000),
    limit: { quota: FREE_FAILURES, windowSeconds: LOGIN_WINDOW_S },
  })
}

/** The session stands already, so MySQL going away here must not undo the sign-in. */
async function noteSignIn(
  deps: Deps,
  c: AppContext,
  user: User,
  password: string,
  at: Date,
): Promise<void> {
  try {
    const renewed = deps.argon.needsRehash(user.passwordHash)
      ? await deps.argon.hash(password)
      : undefined
    await deps.users.recordLogin(user.id, at, c.var.ip, renewed)
  } catch (err) {
    deps.log.warn({ requestId: c.var.requestId, uid: user.id, err }, 'sign-in not noted')
  }
}
