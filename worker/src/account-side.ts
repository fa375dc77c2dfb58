/** Puts the account side together: users, sessions, access tokens and what is revoked of them. */

import type { Redis } from 'ioredis'
import type { Logger } from 'pino'
import { createLocalAttempts } from './domain/login-delay.ts'
import { createPasswordDuty, type PasswordDuty } from './domain/password-duty.ts'
import type { WorkerEnv } from './env.ts'
import { createLoginThrottle, type LoginThrottle } from './login-throttle.ts'
import { type AccessTokens, createAccessTokens } from './stores/access-tokens.ts'
import { createLoginAttempts } from './stores/login-attempts.ts'
import type { Database } from './stores/mysql.ts'
import { createPasswordResets, type PasswordResets } from './stores/password-resets.ts'
import { createRevocations, type Revocations } from './stores/revocations.ts'
import { createSessions, type Sessions } from './stores/sessions.ts'
import { createUserCopies, type UserCopies } from './stores/user-copies.ts'
import { createUserStates, type UserStates } from './stores/user-states.ts'
import { createUsers, type Users } from './stores/users.ts'
import { createTokenTerms, type TokenTermsReader } from './token-terms.ts'

export interface AccountSide {
  readonly users: Users
  readonly userStates: UserStates
  readonly userCopies: UserCopies
  readonly sessions: Sessions
  readonly revocations: Revocations
  readonly passwordResets: PasswordResets
  readonly accessTokens: AccessTokens
  readonly tokenTerms: TokenTermsReader
  readonly loginThrottle: LoginThrottle
  readonly passwordDuty: PasswordDuty
}

export interface AccountSideDeps {
  readonly env: WorkerEnv
  readonly log: Logger
  readonly db: Database
  readonly redis: Redis
  /** Unix milliseconds. */
  readonly now: () => number
}

export function createAccountSide({ env, log, db, redis, now }: AccountSideDeps): AccountSide {
  const users = createUsers(db)
  const userCopies = createUserCopies(redis)
  const accessTokens = createAccessTokens(db, redis)

  /** Redis spares a query; who is not there, or is there since before the field was, is in MySQL. */
  async function mustChange(uid: string): Promise<boolean> {
    const copied = await userCopies.mustChange(uid).catch(() => undefined)
    return copied ?? (await users.findById(uid))?.mustChange === 1
  }

  return {
    users,
    userStates: createUserStates(db),
    userCopies,
    sessions: createSessions(redis, env),
    revocations: createRevocations(db),
    passwordResets: createPasswordResets(db, now),
    accessTokens,
    tokenTerms: createTokenTerms(accessTokens, now),
    loginThrottle: createLoginThrottle(createLoginAttempts(redis), createLocalAttempts(now), log),
    passwordDuty: createPasswordDuty(mustChange, now),
  }
}
