import type { UserView } from '#contract/api.ts'
import { parseOwnLimits } from '#contract/own-limits.ts'
import type { ListedUser } from '../stores/users.ts'

/**
 * Returns an account as administrators see it.
 * @param activeSessions null while Redis is away
 */
export function userView(user: ListedUser, activeSessions: number | null): UserView {
  const { id, username, role, state, limits, mustChange, lastLoginAt } = user
  return {
    id,
    username,
    role,
    state,
    limits: Object.fromEntries(parseOwnLimits(limits)),
    must_change: mustChange === 1,
    last_login_at: lastLoginAt?.toISOString() ?? null,
    active_sessions: activeSessions,
  }
}
