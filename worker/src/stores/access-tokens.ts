/** Access tokens: in MySQL, and those in use in Redis, where the gates check them. */

import type { Redis } from 'ioredis'
import type { TokenRecord } from '#contract/access-token.ts'
import { formatOwnLimits, tokenLimitName } from '#contract/own-limits.ts'
import { tokenKey, userKey } from '#contract/redis-keys.ts'
import type { AuditOrigin } from '../domain/audit.ts'
import { type Quota, sameQuotas } from '../domain/quota-terms.ts'
import { Failure } from '../failure.ts'
import { recordChange } from './audit.ts'
import type { Database, Queries } from './mysql.ts'
import { readQuotas, readTokenQuotas, writeQuotas } from './quota-settings.ts'
import { viaRedis } from './redis.ts'
import { noteRevocation } from './revocations.ts'
import { copyArguments, WRITE_COPY } from './user-copies.ts'
import { GATE_USER_COLUMNS, type GateUser } from './users.ts'

/** What a token may do. */
export interface TokenPermits {
  /** Names of the models that it may call; null: all. */
  readonly models: readonly string[] | null
  /** Its own q of the policy V1_POLICY; null: the policy's. */
  readonly callLimit: number | null
  readonly quotas: readonly Quota[]
}

export interface NewToken extends TokenPermits {
  readonly uid: string
  readonly name: string
  /** SHA-256 (hex) of the secret part. */
  readonly hash: string
  readonly last4: string
  readonly createdAt: Date
  readonly expiresAt: Date | null
}

export interface ListedToken extends TokenPermits {
  readonly id: string
  readonly name: string
  readonly last4: string
  /** Raised with every change. */
  readonly version: number
  readonly createdAt: Date
  readonly expiresAt: Date | null
  readonly lastUsedAt: Date | null
}

/** What is changed of a token; undefined: nothing. */
export type TokenChange = Partial<TokenPermits & Pick<NewToken, 'name'>>

export interface ChangedToken {
  readonly token: ListedToken
  /** Its hash if the gates have to know of the change, else undefined. */
  readonly outdated: string | undefined
}

/** Every call throws Failure('storage_unavailable') if MySQL is away. */
export interface AccessTokens {
  /** Stores a token and returns its id; undefined if the user has MAX_TOKENS already. */
  create(token: NewToken): Promise<string | undefined>
  /** Returns a user's tokens that were not revoked, expired ones too. */
  list(uid: string): Promise<readonly ListedToken[]>
  /** Returns one of them, or undefined. */
  find(uid: string, id: string): Promise<ListedToken | undefined>
  /**
   * Changes a user's token that was not revoked; undefined if there is none.
   * @param version of the token that the change was made to
   * @throws {Failure} conflict if somebody has changed it since
   */
  change(
    uid: string,
    id: string,
    version: number,
    change: TokenChange,
  ): Promise<ChangedToken | undefined>
  /** Returns the models that a token may call, null for all; undefined if it is none any more. */
  models(id: string): Promise<{ readonly models: readonly string[] | null } | undefined>
  /**
   * Revokes a user's token. Returns its hash, or undefined if there is none.
   * @param by the administrator who does it; undefined: its owner
   */
  revoke(uid: string, id: string, by?: AuditOrigin): Promise<string | undefined>
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

/** The limit policy of which a token may have its own quota. */
const V1_POLICY = 'v1'

/** KEYS token, user; ARGV id, expires, own limits, TTL s, user */
const LOAD_SCRIPT = `${WRITE_COPY}
redis.call('HSET', KEYS[1], 'id', ARGV[1], 'expires', ARGV[2], 'limits', ARGV[3])
redis.call('EXPIRE', KEYS[1], ARGV[4])
write_copy(KEYS[2], 5)
return 1
`

interface GoodToken extends GateUser {
  readonly tokenId: string
  readonly expiresAt: Date | null
  readonly callLimit: number | null
}

/** A token without its quotas, which are rows of their own. */
type TokenRow = Omit<ListedToken, 'quotas'> & { readonly hash: string }

const TOKEN_COLUMNS = `t.id, t.name, t.hash, t.last4, t.models, t.call_limit AS callLimit, t.version,
  t.created_at AS createdAt, t.expires_at AS expiresAt, t.last_used_at AS lastUsedAt`

export function createAccessTokens(db: Database, redis: Redis): AccessTokens {
  async function put(token: GoodToken, hash: string, now: Date): Promise<void> {
    const expires = token.expiresAt && Math.floor(token.expiresAt.getTime() / 1000)
    const left = expires === null ? TOKEN_TTL_S : expires - Math.floor(now.getTime() / 1000)
    const { callLimit } = token
    const record: TokenRecord = {
      id: token.tokenId,
      expires: String(expires ?? ''),
      limits:
        callLimit === null
          ? ''
          : formatOwnLimits(new Map([[tokenLimitName(V1_POLICY), callLimit]])),
    }
    const ttl = Math.max(1, Math.min(TOKEN_TTL_S, left))
    const keys = [tokenKey(token.id, hash), userKey(token.id)]
    const args = [record.id, record.expires, record.limits, ttl, ...copyArguments(token)]
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
          `INSERT INTO access_tokens
             (user_id, name, hash, last4, created_at, expires_at, models, call_limit)
           VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
          [
            ...[token.uid, token.name, token.hash, token.last4, token.createdAt, token.expiresAt],
            ...[jsonOf(token.models), token.callLimit],
          ],
        )
        const { uid, quotas } = token
        if (quotas.length > 0) {
          await writeQuotas(tx, { kind: 'token', id: insertId, uid }, { version: 1, quotas })
        }
        return insertId
      }),

    async list(uid) {
      const tokens = await db.query<TokenRow>(
        `SELECT ${TOKEN_COLUMNS} FROM access_tokens t
         WHERE t.user_id = ? AND t.revoked_at IS NULL ORDER BY t.id DESC`,
        [uid],
      )
      const quotas = await tokenQuotas(db, uid)
      return tokens.map((token) => listed(token, quotas.get(token.id) ?? []))
    },

    async find(uid, id) {
      const [token] = await db.query<TokenRow>(
        `SELECT ${TOKEN_COLUMNS} FROM access_tokens t
         WHERE t.id = ? AND t.user_id = ? AND t.revoked_at IS NULL`,
        [id, uid],
      )
      return token && listed(token, (await readQuotas(db, 'token', id)).quotas)
    },

    change: (uid, id, version, change) =>
      db.transaction(async (tx) => {
        const token = await lockToken(tx, uid, id)
        if (token === undefined) return undefined
        if (token.version !== version) throw new Failure('conflict')
        const { quotas } = await readQuotas(tx, 'token', id)
        const after = { ...listed(token, quotas), ...change, version: version + 1 }
        await tx.execute(
          `UPDATE access_tokens SET name = ?, models = ?, call_limit = ?, version = ? WHERE id = ?`,
          [after.name, jsonOf(after.models), after.callLimit, after.version, id],
        )
        if (!sameQuotas(quotas, after.quotas)) {
          await writeQuotas(tx, { kind: 'token', id, uid }, after)
        }
        if (after.callLimit === token.callLimit) return { token: after, outdated: undefined }
        await noteRevocation(tx, uid, token.hash)
        return { token: after, outdated: token.hash }
      }),

    async models(id) {
      const [token] = await db.query<{ models: readonly string[] | null }>(
        'SELECT models FROM access_tokens WHERE id = ? AND revoked_at IS NULL',
        [id],
      )
      return token
    },

    revoke: (uid, id, by) =>
      db.transaction(async (tx) => {
        const token = await lockToken(tx, uid, id)
        if (token === undefined) return undefined
        await tx.execute('UPDATE access_tokens SET revoked_at = UTC_TIMESTAMP(3) WHERE id = ?', [
          id,
        ])
        const after = { version: token.version + 1, quotas: [] }
        await writeQuotas(tx, { kind: 'token', id, uid }, after)
        await noteRevocation(tx, uid, token.hash)
        if (by !== undefined) {
          const before = { user_id: uid, name: token.name, last4: token.last4 }
          await recordChange(tx, {
            ...{ origin: by, action: 'token.revoke', target: id, before, after: null },
          })
        }
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

async function lockToken(tx: Queries, uid: string, id: string): Promise<TokenRow | undefined> {
  const [token] = await tx.query<TokenRow>(
    `SELECT ${TOKEN_COLUMNS} FROM access_tokens t
     WHERE t.id = ? AND t.user_id = ? AND t.revoked_at IS NULL FOR UPDATE`,
    [id, uid],
  )
  return token
}

/** Returns a user's tokens' quotas by token. */
async function tokenQuotas(db: Queries, uid: string): Promise<ReadonlyMap<string, Quota[]>> {
  const quotas = new Map<string, Quota[]>()
  for (const { id, quota } of await readTokenQuotas(db, uid)) {
    quotas.set(id, [...(quotas.get(id) ?? []), quota])
  }
  return quotas
}

function listed({ hash: _, ...token }: TokenRow, quotas: readonly Quota[]): ListedToken {
  return { ...token, quotas }
}

function jsonOf(models: readonly string[] | null): string | null {
  return models && JSON.stringify(models)
}

async function lockGoodToken(
  tx: Queries,
  uid: string,
  hash: string,
  now: Date,
): Promise<GoodToken | undefined> {
  const [token] = await tx.query<GoodToken>(
    `SELECT ${GATE_USER_COLUMNS}, t.id AS tokenId, t.expires_at AS expiresAt,
       t.call_limit AS callLimit
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
