/** Changing rows of users: locked first, then stored under the next revision. */

import type { Audited } from '../domain/audit.ts'
import type { Queries } from './mysql.ts'
import { noteRevocation } from './revocations.ts'
import { GATE_USER_COLUMNS, type GateUser, type ListedUser } from './users.ts'

/** Locks a user's row until the transaction ends and returns it, or undefined if there is none. */
export async function lockUser(tx: Queries, uid: string): Promise<ListedUser | undefined> {
  const [user] = await tx.query<ListedUser>(
    `SELECT ${GATE_USER_COLUMNS}, u.last_login_at AS lastLoginAt FROM users u
     WHERE u.id = ? FOR UPDATE`,
    [uid],
  )
  return user
}

/** Stores a locked user under the next revision and returns it. */
export async function storeUser<U extends GateUser>(tx: Queries, user: U): Promise<U> {
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

/**
 * Stores another password of a locked user, which ends all sessions, and returns the user. A link that
 * was made for the password before it is worth nothing any more.
 * @param passwordHash PHC string
 * @param mustChange 1: somebody else chose it
 */
export async function replacePassword<U extends GateUser>(
  tx: Queries,
  user: U,
  passwordHash: string,
  mustChange: GateUser['mustChange'],
): Promise<U> {
  await tx.execute('UPDATE users SET password_hash = ? WHERE id = ?', [passwordHash, user.id])
  await tx.execute('DELETE FROM password_resets WHERE user_id = ?', [user.id])
  return storeUser(tx, { ...user, mustChange, epoch: user.epoch + 1 })
}

/** Returns what the record of a change tells of a user. */
export function auditedUser({ username, role, state, limits, mustChange }: GateUser) {
  const user = { username, role, state, limits, must_change: mustChange === 1 }
  return user satisfies Audited<'user.change'>
}
