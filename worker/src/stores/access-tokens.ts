/** Access tokens: in MySQL, and those in use in Redis, where the gates check them. */

import type { Redis } from 'ioredis'
import type { TokenRecord } from '#contract/access-token.ts'
import { tokenKey, userKey } from '#contract/redis-keys.ts'
import type { Database, Queries } from './mysql.ts'
import { viaRedis } from './redis.ts'
import { noteRevocation } from './revocations.ts'
import { copyArguments, WRITE_COPY } from './user-copies.ts'
import { GATE_USER_COLUMNS, type GateUser } from './users.ts'

export interface NewToken {
  readonly uid: string
  readonly name: string
  /** SHA-256 (hex) of the secret part. */
  readonly hash: string
  readonly last4: string
  readonly createdAt: Date
  readonly expiresAt: Date | null
}

export interface ListedToken {
  readonly id: string
  readonly name: string
  readonly last4: string
  readonly createdAt: Date
  readonly expiresAt: Date | null
  readonly lastUsedAt: Date | null
}

/** Every call throws Failure('storage_unavailable') if MySQL is away. */
export interface AccessTokens {
  /** Stores a token and returns its id; undefined if the user has MAX_TOKENS already. */
  create(token: NewToken): Promise<string | undefined>
  /** Returns a user's tokens that were not revoked, expired ones too. */
  list(uid: string): Promise<readonly ListedToken[]>
  /** Revokes a user's token. Returns its hash, or undefined if there is none. */
  revoke(uid: string, id: string): Promise<string | undefined>
  /**
   * Puts a token that is good into Redis, for at most TOKEN_TTL_S, with the copy of its user. Returns
   * false if it is not good. @throws {Failure} also session_store_unavailable
   */
  load(uid: string, hash: string, now: Date): Promise<boolean>
  /** Takes a token out of Redis. @throws {Failure} session_store_unavailable */
  forget(uid: string, hash: string): Promise<void>
}

/** Tokens that one user may have at a time. */
export const MAX_TOKENS = 100

const TOKEN_TTL_S = 600

/** KEYS token, user; ARGV id, expires, TTL s, user */
const LOAD_SCRIPT = `${WRITE_COPY}
redis.call('HSET', KEYS[1], 'id', ARGV[1], 'expires', ARGV[2])
redis.call('EXPIRE', KEYS[1], ARGV[3])
write_copy(KEYS[2], 4)
return 1
`

interface GoodToken extends GateUser {
  readonly tokenId: string
  readonly expiresAt: Date | null
}

export function createAccessTokens(db: Database, redis: Redis): AccessTokens {
  async function put(token: GoodToken, hash: string, now: Date): Promise<void> {
    const expires = token.expiresAt && Math.floor(token.expiresAt.getTime() / 1000)
    const left = expires === null ? TOKEN_TTL_S : expires - Math.floor(now.getTime() / 1000)
    const record: TokenRecord = { id: token.tokenId, expires: String(expires ?? '') }
    const ttl = Math.max(1, Math.min(TOKEN_TTL_S, left))
    const keys = [tokenKey(token.id, hash), userKey(token.id)]
    const args = [record.id, record.expires, ttl, ...copyArguments(token)]
    await viaRedis(redis.eval(LOAD_SCRIPT, keys.length, ...keys, ...args))
  }

  return {
    create: (token) =>
      db.transaction(async (tx) => {
        const [count] = await tx.query<{ tokens: string }>(
          'SELECT COUNT(*) AS tokens FROM access_tokens WHERE user_id = ? AND revoked_at IS NULL',
          [token.uid],
        )
        if (Number(count?.tokens) >= MAX_TOKENS) return undefined
        const { insertId } = await tx.execute(
          `INSERT INTO access_tokens (user_id, name, hash, last4, created_at, expires_at)
           VALUES (?, ?, ?, ?, ?, ?)`,
          [token.uid, token.name, token.hash, token.last4, token.createdAt, token.expiresAt],
        )
        return insertId
      }),

    list: (uid) =>
      db.query<ListedToken>(
        `SELECT id, name, last4, created_at AS createdAt, expires_at AS expiresAt,
           last_used_at AS lastUsedAt
         FROM access_tokens WHERE user_id = ? AND revoked_at IS NULL ORDER BY id DESC`,
        [uid],
      ),

    revoke: (uid, id) =>
      db.transaction(async (tx) => {
        const [token] = await tx.query<{ hash: string }>(
          `SELECT hash FROM access_tokens
           WHERE id = ? AND user_id = ? AND revoked_at IS NULL FOR UPDATE`,
          [id, uid],
        )
        if (token === undefined) return undefined
        await tx.execute('UPDATE access_tokens SET revoked_at = UTC_TIMESTAMP(3) WHERE id = ?', [
          id,
        ])
        await noteRevocation(tx, uid, token.hash)
        return token.hash
      }),

    // The row stays locked until Redis has the token, so a revocation comes before or after both.
    load: (uid, hash, now) =>
      db.transaction(async (tx) => {
        const token = await lockGoodToken(tx, uid, hash, now)
        if (token === undefined) return false
        await put(token, hash, now)
        return true
      }),

    async forget(uid, hash) {
      await viaRedis(redis.del(tokenKey(uid, hash)))
    },
  }
}

async function lockGoodToken(
  tx: Queries,
  uid: string,
  hash: string,
  now: Date,
): Promise<GoodToken | undefined> {
  const [token] = await tx.query<GoodToken>(
    `SELECT ${GATE_USER_COLUMNS}, t.id AS tokenId, t.expires_at AS expiresAt
     FROM access_tokens t JOIN users u ON u.id = t.user_id
     WHERE t.hash = ? AND t.user_id = ? AND t.revoked_at IS NULL
       AND (t.expires_at IS NULL OR t.expires_at > ?) AND u.state = 'enabled'
     FOR UPDATE OF t`,
    [hash, uid, now],
  )
  if (token === undefined) return undefined
  await tx.execute('UPDATE access_tokens SET last_used_at = ? WHERE id = ?', [now, token.tokenId])
  return token
}
