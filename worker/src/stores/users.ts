/** Accounts in MySQL. */

import type { Role } from '#contract/session.ts'
import type { Database } from './mysql.ts'

export interface User {
  /** Decimal. */
  readonly id: string
  readonly username: string
  /** PHC string. */
  readonly passwordHash: string
  readonly role: Role
  readonly state: 'enabled' | 'disabled'
  /** Sessions of an earlier epoch are over. */
  readonly epoch: number
}

export interface Users {
  /** Returns the account of a name, compared without case, or undefined. */
  findByUsername(username: string): Promise<User | undefined>
  findById(id: string): Promise<User | undefined>
  /**
   * Notes a sign-in.
   * @param passwordHash a renewed hash of the same password, if the cost has changed
   */
  recordLogin(id: string, at: Date, passwordHash?: string): Promise<void>
  /** Returns true if there is no account at all. */
  isEmpty(): Promise<boolean>
  /** Returns the new id; a name that is taken is MySQL's ER_DUP_ENTRY. */
  create(user: Pick<User, 'username' | 'passwordHash' | 'role'>): Promise<string>
}

const SELECT = 'SELECT id, username, password_hash AS passwordHash, role, state, epoch FROM users'

export function createUsers(db: Database): Users {
  return {
    async findByUsername(username) {
      const [user] = await db.query<User>(`${SELECT} WHERE username = ?`, [username])
      return user
    },
    async findById(id) {
      const [user] = await db.query<User>(`${SELECT} WHERE id = ?`, [id])
      return user
    },
    async recordLogin(id, at, passwordHash) {
      await db.execute(
        'UPDATE users SET last_login_at = ?, password_hash = COALESCE(?, password_hash) WHERE id = ?',
        [at, passwordHash ?? null, id],
      )
    },
    async isEmpty() {
      const rows = await db.query('SELECT 1 FROM users LIMIT 1')
      return rows.length === 0
    },
    async create({ username, passwordHash, role }) {
      const { insertId } = await db.execute(
        'INSERT INTO users (username, password_hash, role) VALUES (?, ?, ?)',
        [username, passwordHash, role],
      )
      return insertId
    },
  }
}
