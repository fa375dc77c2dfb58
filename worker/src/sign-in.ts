/** Turning a name and a password into a session. */

import type { AppContext } from './context.ts'
import type { Deps } from './deps.ts'
import { Failure } from './failure.ts'
import { isRightPassword } from './password-proof.ts'
import { endSession } from './session-end.ts'
import { startSession } from './session-start.ts'
import type { User } from './stores/users.ts'

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
  const [user, account] = await Promise.all([
    deps.users.findByUsername(username),
    deps.users.nameKey(username),
  ])
  const isRight = await isRightPassword(deps, c, user, account, password)
  if (user === undefined || !isRight) throw new Failure('invalid_credentials')
  const cookie = await startSession(deps, c, user)
  if (c.var.identity !== undefined) await endSession(deps, c, c.var.identity)
  await noteSignIn(deps, c, user, password)
  return { user, cookie }
}

/** The session stands already, so MySQL going away here must not undo the sign-in. */
async function noteSignIn(
  deps: Deps,
  c: AppContext,
  { id, passwordHash }: User,
  password: string,
): Promise<void> {
  try {
    await deps.users.recordLogin(id, new Date(deps.now()), c.var.ip)
    if (deps.argon.needsRehash(passwordHash)) {
      await deps.users.renewHash(id, passwordHash, await deps.argon.hash(password))
    }
  } catch (err) {
    deps.log.warn({ requestId: c.var.requestId, uid: id, err }, 'sign-in not noted')
  }
}
