/**
 * Changes of what the gate has to know of a user. Each is one transaction with its note in the
 * revocation outbox, so Redis learns of it even if the worker ends in between.
 */

import { Failure } from '../failure.ts'
import type { Database, Queries } from './mysql.ts'
import { noteRevocation } from './revocations.ts'
import { GATE_USER_COLUMNS, type GateUser, type ListedUser } from './users.ts'

export interface UserChange {
  readonly state?: GateUser['state']
  /** Own limits as text (own-limits.ts). */
  readonly limits?: string
}

/** Every call throws Failure('storage_unavailable') if MySQL is away. */
export interface UserStates {
  /**
   * Raises the user's epoch, which ends all sessions. Returns the user as it is then; undefined if
   * there is none, or if the epoch is no longer `from`.
   */
  raiseEpoch(uid: string, from?: number): Promise<GateUser | undefined>
  /**
   * Changes state or limits; disabling raises the epoch. Returns the user as it was and as it is then,
   * or undefined if there is none. @throws {Failure} last_admin
   */
  change(
    uid: string,
    change: UserChange,
  ): Promise<{ readonly before: ListedUser; readonly after: ListedUser } | undefined>
}

export function createUserStates(db: Database): UserStates {
  return {
    raiseEpoch: (uid, from) =>
      db.transaction(async (tx) => {
        const user = await lockUser(tx, uid)
        if (user === undefined || (from !== undefined && user.epoch !== from)) return undefined
        return await store(tx, { ...user, epoch: user.epoch + 1 })
      }),

    change: (uid, { state, limits }) =>
      db.transaction(async (tx) => {
        if (state === 'disabled') await disableInTurn(tx)
        const before = await lockUser(tx, uid)
        if (before === undefined) return undefined
        const wanted = { state: state ?? before.state, limits: limits ?? before.limits }
        if (wanted.state === before.state && wanted.limits === before.limits) {
          return { before, after: before }
        }
        const isDisabled = wanted.state === 'disabled' && before.state === 'enabled'
        if (isDisabled && before.role === 'admin' && !(await hasOtherAdmin(tx, uid))) {
          throw new Failure('last_admin')
        }
        const epoch = isDisabled ? before.epoch + 1 : before.epoch
        return { before, after: await store(tx, { ...before, ...wanted, epoch }) }
      }),
  }
}

async function lockUser(tx: Queries, uid: string): Promise<ListedUser | undefined> {
  const [user] = await tx.query<ListedUser>(
    `SELECT ${GATE_USER_COLUMNS}, u.last_login_at AS lastLoginAt FROM users u
     WHERE u.id = ? FOR UPDATE`,
    [uid],
  )
  return user
}

/**
 * Lets one transaction at a time disable somebody, by a lock on the first account: else two last
 * administrators could disable each other. To lock all of them would deadlock with other changes.
 */
async function disableInTurn(tx: Queries): Promise<void> {
  await tx.query('SELECT id FROM users ORDER BY id LIMIT 1 FOR UPDATE')
}

async function hasOtherAdmin(tx: Queries, uid: string): Promise<boolean> {
  const others = await tx.query(
    "SELECT 1 FROM users WHERE role = 'admin' AND state = 'enabled' AND id <> ? LIMIT 1",
    [uid],
  )
  return others.length > 0
}

/** Stores a locked user under the next revision and returns it. */
async function store<U extends GateUser>(tx: Queries, user: U): Promise<U> {
  const revision = user.revision + 1
  await tx.execute('UPDATE users SET epoch = ?, state = ?, limits = ?, revision = ? WHERE id = ?', [
    user.epoch,
    user.state,
    user.limits,
    revision,
    user.id,
  ])
  await noteRevocation(tx, user.id, null)
  return { ...user, revision }
}
