/**
 * Changes of what the gate has to know of a user. Each is one transaction with its note in the
 * revocation outbox, so Redis learns of it even if the worker ends in between; and with its record if an
 * administrator makes it.
 */

import type { AuditOrigin } from '../domain/audit.ts'
import { Failure } from '../failure.ts'
import { recordChange } from './audit.ts'
import type { Database, Queries } from './mysql.ts'
import { auditedUser, lockUser, replacePassword, storeUser } from './user-rows.ts'
import type { GateUser, ListedUser } from './users.ts'

export interface UserChange {
  readonly state?: GateUser['state']
  readonly role?: GateUser['role']
  /** Own limits as text (own-limits.ts). */
  readonly limits?: string
}

export interface PasswordChange {
  /** PHC string. */
  readonly passwordHash: string
  /** 1: somebody else chose it. */
  readonly mustChange: GateUser['mustChange']
  /** The epoch in which the password before it was proved; undefined if nobody had to. */
  readonly from?: number
}

/** `after` is the user as it is then; without `before` it is as it was: its revision was another one. */
export interface ChangedUser {
  readonly before: ListedUser | undefined
  readonly after: ListedUser
}

/** Every call throws Failure('storage_unavailable') if MySQL is away. */
export interface UserStates {
  /**
   * Raises the user's epoch, which ends all sessions. Returns the user as it is then; undefined if
   * there is none, or if the epoch is no longer `from`.
   * @param origin of an administrator who does this to somebody
   */
  raiseEpoch(uid: string, from?: number, origin?: AuditOrigin): Promise<GateUser | undefined>
  /**
   * Stores another password and raises the epoch, which ends all sessions. Returns the user as it is
   * then; undefined if there is none, or if the epoch is no longer `from`.
   * @param origin of an administrator who does this to somebody
   */
  setPassword(
    uid: string,
    change: PasswordChange,
    origin?: AuditOrigin,
  ): Promise<GateUser | undefined>
  /**
   * Changes state, role or limits if the user's revision is `revision`; disabling, and no longer being an
   * administrator, raises the epoch. Returns undefined if there is no such user.
   * @throws {Failure} last_admin
   */
  change(
    uid: string,
    change: UserChange,
    revision: number,
    origin: AuditOrigin,
  ): Promise<ChangedUser | undefined>
}

export function createUserStates(db: Database): UserStates {
  return {
    raiseEpoch: (uid, from, origin) =>
      db.transaction(async (tx) => {
        const user = await lockUser(tx, uid)
        if (user === undefined || (from !== undefined && user.epoch !== from)) return undefined
        if (origin !== undefined) {
          const { username } = user
          const record = { before: { username }, after: { username } }
          await recordChange(tx, { origin, action: 'user.sign_out', target: uid, ...record })
        }
        return await storeUser(tx, { ...user, epoch: user.epoch + 1 })
      }),

    setPassword: (uid, { passwordHash, mustChange, from }, origin) =>
      db.transaction(async (tx) => {
        const user = await lockUser(tx, uid)
        if (user === undefined || (from !== undefined && user.epoch !== from)) return undefined
        const after = await replacePassword(tx, user, passwordHash, mustChange)
        if (origin !== undefined) {
          const record = { before: auditedUser(user), after: auditedUser(after) }
          await recordChange(tx, { origin, action: 'user.reset_password', target: uid, ...record })
        }
        return after
      }),

    change: (uid, change, revision, origin) =>
      db.transaction(async (tx) => {
        if (change.state === 'disabled' || change.role === 'user') await takeTurn(tx)
        const before = await lockUser(tx, uid)
        if (before === undefined) return undefined
        if (before.revision !== revision) return { before: undefined, after: before }
        const wanted = { ...before, ...change }
        const isSame =
          wanted.state === before.state &&
          wanted.role === before.role &&
          wanted.limits === before.limits
        if (isSame) return { before, after: before }
        if (isAdmin(before) && !isAdmin(wanted) && !(await hasOtherAdmin(tx, uid))) {
          throw new Failure('last_admin')
        }
        const after = await storeUser(tx, { ...wanted, epoch: epochAfter(before, wanted) })
        const record = { before: auditedUser(before), after: auditedUser(after) }
        await recordChange(tx, { origin, action: 'user.change', target: uid, ...record })
        return { before, after }
      }),
  }
}

function isAdmin({ role, state }: GateUser): boolean {
  return role === 'admin' && state === 'enabled'
}

/** What was taken from somebody is gone at once only if no session outlives it. */
function epochAfter(before: GateUser, wanted: GateUser): number {
  const isDisabled = wanted.state === 'disabled' && before.state === 'enabled'
  const isDemoted = wanted.role === 'user' && before.role === 'admin'
  return isDisabled || isDemoted ? before.epoch + 1 : before.epoch
}

/**
 * Lets one transaction at a time disable or demote somebody, by a lock on the first account: else two
 * last administrators could do so to each other. To lock all of them would deadlock with other changes.
 */
async function takeTurn(tx: Queries): Promise<void> {
  await tx.query('SELECT id FROM users ORDER BY id LIMIT 1 FOR UPDATE')
}

async function hasOtherAdmin(tx: Queries, uid: string): Promise<boolean> {
  const others = await tx.query(
    "SELECT 1 FROM users WHERE role = 'admin' AND state = 'enabled' AND id <> ? LIMIT 1",
    [uid],
  )
  return others.length > 0
}
