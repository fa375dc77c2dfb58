/** Turning a name and a password into a session. */

import { GATE_HEADERS } from '#contract/headers.ts'
import { formatRevocation } from '#contract/revocation.ts'
import type { AppContext } from './context.ts'
import type { Deps } from './deps.ts'
import { newSession } from './domain/session-token.ts'
import { Failure } from './failure.ts'
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
 *   disabled account, in the same time; storage_unavailable, session_store_unavailable
 */
export async function signIn(
  deps: Deps,
  c: AppContext,
  { username, password }: Credentials,
): Promise<{ readonly user: User; readonly cookie: string }> {
  const user = await deps.users.findByUsername(username)
  const matches = await deps.argon.verify(user?.passwordHash, password)
  if (user === undefined || !matches || user.state !== 'enabled') {
    deps.log.info({ requestId: c.var.requestId, uid: user?.id, ip: c.var.ip }, 'sign-in refused')
    throw new Failure('invalid_credentials')
  }
  const session = newSession(user.id, deps.env.sessionSecret)
  const now = deps.now()
  const seconds = String(Math.floor(now / 1000))
  const epoch = String(user.epoch)
  await deps.sessions.start({
    uid: user.id,
    hash: session.hash,
    record: {
      created: seconds,
      last: seconds,
      epoch,
      ip: c.var.ip,
      ua: (c.req.header('User-Agent') ?? '').slice(0, MAX_USER_AGENT),
    },
    user: { epoch, state: user.state, role: user.role, name: user.username },
    idleMs: deps.env.sessionIdleMs,
  })
  await endPrevious(deps, c)
  await noteSignIn(deps, c, user, password, new Date(now))
  return { user, cookie: session.cookie }
}

async function endPrevious(deps: Deps, c: AppContext): Promise<void> {
  const previous = c.var.identity
  if (previous === undefined) return
  const { uid, session } = previous
  c.header(GATE_HEADERS.revoke, formatRevocation({ kind: 'session', uid, session }))
  await deps.sessions.end(uid, session)
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
    await deps.users.recordLogin(user.id, at, renewed)
  } catch (err) {
    deps.log.warn({ requestId: c.var.requestId, uid: user.id, err }, 'sign-in not noted')
  }
}
