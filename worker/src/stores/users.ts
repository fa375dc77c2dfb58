/** Accounts in MySQL: reading them, and what a sign-in notes. Changes are in user-states.ts. */

import type { Role } from '#contract/session.ts'
import type { AuditOrigin } from '../domain/audit.ts'
import { recordChange } from './audit.ts'
import { containing } from './like-pattern.ts'
import type { Database, SqlValue } from './mysql.ts'

/** What the gate has to know of a user. */
export interface GateUser {
  /** Decimal. */
  readonly id: string
  readonly username: string
  readonly role: Role
  readonly state: 'enabled' | 'disabled'
  /** Sessions of an earlier epoch are over. */
  readonly epoch: number
  /** Raised with every change of these fields; orders the states of one epoch. */
  readonly revision: number
  /** The user's own limits (own-limits.ts), or empty. */
  readonly limits: string
  /** MySQL's boolean: 1 until a password that an administrator gave is changed. */
  readonly mustChange: 0 | 1
}

export interface User extends GateUser {
  /** PHC string. */
  readonly passwordHash: string
  /** Address of the last sign-in, or empty. */
  readonly lastLoginIp: string
}

export type NewUser = Pick<User, 'username' | 'passwordHash' | 'role' | 'mustChange'>

/** An account as administrators list it. */
export interface ListedUser extends GateUser {
  readonly lastLoginAt: Date | null
}

/** Which accounts are asked for; undefined: whichever. */
export interface UserQuery {
  /** The list begins after this one. */
  readonly afterId: string
  readonly limit: number
  readonly id?: string | undefined
  /** A part of the name, compared without case. */
  readonly name?: string | undefined
  readonly role?: Role | undefined
  readonly state?: GateUser['state'] | undefined
}

export interface Users {
  /** Returns the account of a name, compared without case, or undefined. */
  findByUsername(username: string): Promise<User | undefined>
  findById(id: string): Promise<User | undefined>
  /**
   * Returns a text that is the same for two names exactly if they are one account's name, whether or
   * not there is such an account. Only MySQL knows: its collation ignores case, width and characters
   * that cannot be seen.
   */
  nameKey(username: string): Promise<string>
  /** Returns accounts in the order of their ids. */
  list(query: UserQuery): Promise<readonly ListedUser[]>
  /**
   * Returns accounts, in the same order, of which Redis may hold a session of that time or an access
   * token: changed since then (a sign-in changes the row), or owner of a token.
   */
  listActive(since: Date, afterId: string, limit: number): Promise<readonly GateUser[]>
  /** Notes a sign-in. */
  recordLogin(id: string, at: Date, ip: string): Promise<void>
  /**
   * Stores another hash of the same password, unless the password is no longer the one of `stale`: a
   * change at the same moment must not be undone.
   */
  renewHash(id: string, stale: string, renewed: string): Promise<void>
  /** Returns true if there is no account at all. */
  isEmpty(): Promise<boolean>
  /**
   * Returns the new id; a name that is taken is MySQL's ER_DUP_ENTRY.
   * @param origin of the administrator who makes it, undefined for the first one of all
   */
  create(user: NewUser, origin?: AuditOrigin): Promise<string>
}

/** Columns of a GateUser, for a query that calls the table `u`. */
export const GATE_USER_COLUMNS = `u.id, u.username, u.role, u.state, u.epoch, u.revision, u.limits,
  u.must_change AS mustChange`

const SELECT = `SELECT ${GATE_USER_COLUMNS}, u.password_hash AS passwordHash,
  u.last_login_ip AS lastLoginIp FROM users u`

export function createUsers(db: Database): Users {
  return {
    async findByUsername(username) {
      const [user] = await db.query<User>(`${SELECT} WHERE u.username = ?`, [username])
      return user
    },
    async findById(id) {
      const [user] = await db.query<User>(`${SELECT} WHERE u.id = ?`, [id])
      return user
    },
    async nameKey(username) {
      const [row] = await db.query<{ nameKey: string }>(
        'SELECT SHA2(WEIGHT_STRING(? COLLATE utf8mb4_0900_as_ci), 256) AS nameKey',
        [username],
      )
      if (row === undefined) throw new Error('MySQL answered no row')
      return row.nameKey
    },
    list({ afterId, limit, id, name, role, state }) {
      const conditions = ['u.id > ?']
      const params: SqlValue[] = [afterId]
      if (id !== undefined) {
        conditions.push('u.id = ?')
        params.push(id)
      }
      if (role !== undefined) {
        conditions.push('u.role = ?')
        params.push(role)
      }
      if (state !== undefined) {
        conditions.push('u.state = ?')
        params.push(state)
      }
      if (name !== undefined) {
        // Looked for in the index of the names alone, which is a fraction of the table.
        conditions.push(`u.id IN (SELECT /*+ NO_SEMIJOIN() */ n.id
          FROM users n FORCE INDEX (users_username) WHERE n.username LIKE ?)`)
        params.push(containing(name))
      }
      return db.query<ListedUser>(
        `SELECT ${GATE_USER_COLUMNS}, u.last_login_at AS lastLoginAt FROM users u
         WHERE ${conditions.join(' AND ')} ORDER BY u.id LIMIT ?`,
        [...params, limit],
      )
    },
    listActive: (since, afterId, limit) =>
      db.query<GateUser>(
        `SELECT ${GATE_USER_COLUMNS} FROM users u
         WHERE u.id > ? AND (u.updated_at >= ? OR EXISTS (
           SELECT 1 FROM access_tokens t WHERE t.user_id = u.id AND t.revoked_at IS NULL))
         ORDER BY u.id LIMIT ?`,
        [afterId, since, limit],
      ),
    async recordLogin(id, at, ip) {
      await db.execute('UPDATE users SET last_login_at = ?, last_login_ip = ? WHERE id = ?', [
        at,
        ip,
        id,
      ])
    },
    async renewHash(id, stale, renewed) {
      await db.execute('UPDATE users SET password_hash = ? WHERE id = ? AND password_hash = ?', [
        renewed,
        id,
        stale,
      ])
    },
    async isEmpty() {
      const rows = await db.query('SELECT 1 FROM users LIMIT 1')
      return rows.length === 0
    },
    create: ({ username, passwordHash, role, mustChange }, origin) =>
      db.transaction(async (tx) => {
        const { insertId } = await tx.execute(
          'INSERT INTO users (username, password_hash, role, must_change) VALUES (?, ?, ?, ?)',
          [username, passwordHash, role, mustChange],
        )
        if (origin !== undefined) {
          const after = { username, role, state: 'enabled', must_change: mustChange === 1 }
          await recordChange(tx, {
            ...{ origin, action: 'user.create', target: insertId, before: null, after },
          })
        }
        return insertId
      }),
  }
}
