/** An account as administrators see it. */

import { z } from 'zod'
import type * as Contract from '#contract/api.ts'
import { MAX_QUOTA } from '#contract/limit-policy.ts'
import { parseOwnLimits } from '#contract/own-limits.ts'
import type { ListedUser } from '../stores/users.ts'
import { idParam } from './ids.ts'

export const Role = z.enum(['user', 'admin'])
export const State = z.enum(['enabled', 'disabled'])
export const LimitsByPolicy = z.record(
  z.string().regex(/^[a-z][a-z0-9_-]{0,31}$/),
  z.int().min(1).max(MAX_QUOTA),
)

export const UserView = z
  .strictObject({
    id: idParam,
    username: z.string(),
    role: Role,
    state: State,
    limits: LimitsByPolicy.meta({ description: 'Own limits: quota by name of the policy.' }),
    must_change: z.boolean().meta({
      description: 'Whether the password is one that an administrator gave.',
    }),
    last_login_at: z.iso.datetime().nullable().meta({ description: 'Null: never.' }),
    active_sessions: z.int().nullable().meta({ description: 'Null while Redis is away.' }),
    version: z.int().meta({ description: 'To be repeated with a change: raised with each.' }),
  })
  .meta({ id: 'User' }) satisfies z.ZodType<Contract.UserView>

/**
 * Returns an account as administrators see it.
 * @param activeSessions null while Redis is away
 */
export function userView(user: ListedUser, activeSessions: number | null): Contract.UserView {
  const { id, username, role, state, limits, mustChange, lastLoginAt, revision } = user
  return {
    id,
    username,
    role,
    state,
    limits: Object.fromEntries(parseOwnLimits(limits)),
    must_change: mustChange === 1,
    last_login_at: lastLoginAt?.toISOString() ?? null,
    active_sessions: activeSessions,
    version: revision,
  }
}
