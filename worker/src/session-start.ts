import type { AppContext } from './context.ts'
import type { Deps } from './deps.ts'
import { newSession } from './domain/session-token.ts'
import type { GateUser } from './stores/users.ts'

const MAX_USER_AGENT = 256

/**
 * Begins a session of the user and returns the value of its cookie.
 * @param user as just read from MySQL, or written there: of a later epoch the session would be dead
 * @throws {Failure} session_store_unavailable
 */
export async function startSession(deps: Deps, c: AppContext, user: GateUser): Promise<string> {
  const session = newSession(user.id, deps.env.sessionSecret)
  const seconds = String(Math.floor(deps.now() / 1000))
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
  return session.cookie
}
