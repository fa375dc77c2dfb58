/** Links by which people choose another password; at most one for each user, good for one use. */

import type { AuditOrigin } from '../domain/audit.ts'
import { recordChange } from './audit.ts'
import type { Database } from './mysql.ts'
import { auditedUser, lockUser, replacePassword } from './user-rows.ts'
import { GATE_USER_COLUMNS, type GateUser } from './users.ts'

/** Whose link it is. */
export interface LinkOwner extends GateUser {
  /** Address of the last sign-in, or empty. */
  readonly lastLoginIp: string
}

/** Every call throws Failure('storage_unavailable') if MySQL is away. */
export interface PasswordResets {
  /**
   * Stores a link in place of the one before it. Returns false if there is no such user.
   * @param hash SHA-256 (hex) of its token
   */
  make(uid: string, hash: string, expiresAt: Date, origin: AuditOrigin): Promise<boolean>
  /** Returns whose link this is; undefined if it is not good, or its owner is disabled. */
  find(hash: string, now: Date): Promise<LinkOwner | undefined>
  /**
   * Uses up a link: stores another password, which ends all sessions. Returns the user as it is then;
   * undefined if the link is not good any more.
   * @param passwordHash PHC string
   * @param request where the use comes from
   */
  use(
    hash: string,
    now: Date,
    passwordHash: string,
    request: Pick<AuditOrigin, 'ip' | 'requestId'>,
  ): Promise<GateUser | undefined>
}

export function createPasswordResets(db: Database, now: () => number): PasswordResets {
  async function find(hash: string, at: Date): Promise<LinkOwner | undefined> {
    const [owner] = await db.query<LinkOwner>(
      `SELECT ${GATE_USER_COLUMNS}, u.last_login_ip AS lastLoginIp
       FROM password_resets r JOIN users u ON u.id = r.user_id
       WHERE r.hash = ? AND r.expires_at > ? AND u.state = 'enabled'`,
      [hash, at],
    )
    return owner
  }

  return {
    make: (uid, hash, expiresAt, origin) =>
      db.transaction(async (tx) => {
        // Before the link itself, as where a password is replaced.
        const user = await lockUser(tx, uid)
        if (user === undefined) return false
        await tx.execute(
          `INSERT INTO password_resets (user_id, hash, created_at, expires_at)
           VALUES (?, ?, ?, ?) AS new ON DUPLICATE KEY UPDATE
             hash = new.hash, created_at = new.created_at, expires_at = new.expires_at`,
          [uid, hash, new Date(now()), expiresAt],
        )
        const after = { username: user.username, expires_at: expiresAt.toISOString() }
        await recordChange(tx, {
          ...{ origin, action: 'user.reset_link', target: uid, before: null, after },
        })
        return true
      }),

    find,

    async use(hash, at, passwordHash, request) {
      const owner = await find(hash, at)
      if (owner === undefined) return undefined
      return db.transaction(async (tx) => {
        const user = await lockUser(tx, owner.id)
        if (user?.state !== 'enabled') return undefined
        const { affectedRows } = await tx.execute(
          'DELETE FROM password_resets WHERE user_id = ? AND hash = ? AND expires_at > ?',
          [user.id, hash, at],
        )
        if (affectedRows === 0) return undefined
        const after = await replacePassword(tx, user, passwordHash, 0)
        await recordChange(tx, {
          origin: { uid: user.id, name: user.username, ...request },
          action: 'user.use_reset_link',
          target: user.id,
          before: auditedUser(user),
          after: auditedUser(after),
        })
        return after
      })
    },
  }
}
