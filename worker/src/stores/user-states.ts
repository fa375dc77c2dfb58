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

/** Every call throws Failure('storage_unavailable') if MySQL is away. */
export interface UserStates {
  /**
   * Raises the user's epoch, which ends all sessions. Returns the user as it is then; undefined if
   * there is none, or if the epoch is no longer `from`.
   */
  raiseEpoch(uid: string, from?: number): Promise<GateUser | undefined>
  /**
   * Stores another password and raises the epoch, which ends all sessions. Returns the user as it is
   * then; undefined if there is none, or if the epoch is no longer `from`.
   */
  setPassword(uid: string, change: PasswordChange): Promise<GateUser | undefined>
  /**
   * Changes state, role or limits; disabling, and no longer being an administrator, raises the epoch.
   * Returns the user as it was and as it is then, or undefined if there is none.
   * @throws {Failure} last_admin
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

    setPassword: (uid, { passwordHash, mustChange, from }) =>
      db.transaction(async (tx) => {
        const user = await lockUser(tx, uid)
        if (user === undefined || (from !== undefined && user.epoch !== from)) return undefined
        await tx.execute('UPDATE users SET password_hash = ? WHERE id = ?', [passwordHash, uid])
        return await store(tx, { ...user, mustChange, epoch: user.epoch + 1 })
      }),

    change: (uid, change) =>
      db.transaction(async (tx) => {
        if (change.state === 'disabled' || change.role === 'user') await takeTurn(tx)
        const before = await lockUser(tx, uid)
        if (before === undefined) return undefined
        const wanted = { ...before, ...change }
        const isSame =
          wanted.state === before.state &&
          wanted.role === before.role &&
          wanted.limits === before.limits
        if (isSame) return { before, after: before }
        if (isAdmin(before) && !isAdmin(wanted) && !(await hasOtherAdmin(tx, uid))) {
          throw new Failure('last_admin')
        }
        return { before, after: await store(tx, { ...wanted, epoch: epochAfter(before, wanted) }) }
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

async function lockUser(tx: Queries, uid: string): Promise<ListedUser | undefined> {
  const [user] = await tx.query<ListedUser>(
    `SELECT ${GATE_USER_COLUMNS}, u.last_login_at AS lastLoginAt FROM users u
     WHERE u.id = ? FOR UPDATE`,
    [uid],
  )
  return user
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

/** Stores a locked user under the next revision and returns it. */
async function store<U extends GateUser>(tx: Queries, user: U): Promise<U> {
  const revision = user.revision + 1
  const { id, epoch, state, role, limits, mustChange } = user
  await tx.execute(
    `UPDATE users SET epoch = ?, state = ?, role = ?, limits = ?, must_change = ?, revision = ?
     WHERE id = ?`,
    [epoch, state, role, limits, mustChange, revision, id],
  )
  await noteRevocation(tx, user.id, null)
  return { ...user, revision }
}
