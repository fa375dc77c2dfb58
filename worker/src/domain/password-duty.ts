/**
 * Who has to choose a password of their own before anything else. A session is of one epoch, and a
 * password that an administrator gives begins a new one: a session that is free stays free, so it has
 * to be looked up once in a while only. Access tokens outlive epochs and are looked up anew soon.
 */

export interface PasswordDuty {
  /**
   * Returns true if the user has to change the password first.
   * @param session SHA-256 (hex) of the session token, undefined for programs
   * @throws {Failure} storage_unavailable if nobody can tell and nothing is remembered
   */
  isOwed(uid: string, session: string | undefined): Promise<boolean>
  /** Forgets that the user's programs are free. */
  forget(uid: string): void
}

const SESSION_MS = 60_000
/** As long as other gates believe in what was revoked (docs/gate.md). */
const PROGRAM_MS = 2000

const MAX_REMEMBERED = 20_000

/**
 * @param read tells by the user's id, from what all workers share
 * @param now Unix milliseconds
 */
export function createPasswordDuty(
  read: (uid: string) => Promise<boolean>,
  now: () => number,
): PasswordDuty {
  /** Until when somebody is known to be free, by session or user, the oldest first. */
  const free = new Map<string, number>()

  return {
    async isOwed(uid, session) {
      const name = session ?? uid
      const until = free.get(name)
      if (until !== undefined && now() < until) return false
      let isOwed: boolean
      try {
        isOwed = await read(uid)
      } catch (error) {
        if (until !== undefined && session !== undefined) return false
        throw error
      }
      free.delete(name)
      if (isOwed) return true
      free.set(name, now() + (session === undefined ? PROGRAM_MS : SESSION_MS))
      const [oldest] = free.keys()
      if (free.size > MAX_REMEMBERED && oldest !== undefined) free.delete(oldest)
      return false
    },
    forget(uid) {
      free.delete(uid)
    },
  }
}
