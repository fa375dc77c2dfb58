/**
 * Changes of api_keys: by admins, each in one transaction with its record, and by what calls and checks
 * have found out.
 */

import type { Audited, AuditOrigin } from '../domain/audit.ts'
import type { KeyFault } from '../domain/key-health.ts'
import type { PooledKey } from '../domain/upstream-key.ts'
import { type KeyRow, type KeyRows, SELECT_KEYS } from './api-key-rows.ts'
import { recordChange } from './audit.ts'
import { repeatDeadlocked } from './deadlocks.ts'
import type { Database, Queries, SqlValue } from './mysql.ts'

/** What is left out stays as the alias has it; null puts the default back, which a new alias has. */
export interface NewApiKey {
  readonly alias: string
  readonly secret: string
  /**
   * Default: DEEPSEEK_BASE_URL, whatever it is at the time of a call. It has to be given for an alias that
   * has an address of its own: a new key must not travel to a server that nobody thinks of any more.
   */
  readonly baseUrl?: string | null | undefined
  /** Default: 1. */
  readonly weight?: number | undefined
  /** Default: an account of its own. */
  readonly account?: string | null | undefined
}

/**
 * What an admin changes of a key; null puts the default back. Not its address: whoever could change it
 * alone would have the stored key sent to a server of his own, and read it there.
 */
export interface ApiKeyChange {
  readonly enabled?: boolean
  readonly weight?: number
  readonly account?: string | null
}

/** What somebody has asked the provider with. */
export type KeyVersion = Pick<PooledKey, 'id' | 'version'>

/** Where a key is now. */
export interface StoredKey {
  readonly id: string
  /** Null: at the default address. */
  readonly baseUrl: string | null
}

export interface ApiKeyChanges {
  /**
   * Stores a key, replacing the one with the same alias, and lets calls use it. Returns undefined, and
   * stores nothing, if `baseUrl` is missing.
   * @param origin undefined: this service itself, by its settings
   */
  put(key: NewApiKey, origin?: AuditOrigin, standin?: boolean): Promise<StoredKey | undefined>
  /**
   * Enabling a key also forgets what the provider said against it.
   * @param revision what the key's is expected to be; undefined: whatever it is
   */
  change(
    id: string,
    change: ApiKeyChange,
    origin: AuditOrigin,
    revision?: number,
  ): Promise<'changed' | 'missing' | 'conflict'>
  /** Returns false if there is no such key. The stand-in's stays. */
  remove(id: string, origin: AuditOrigin): Promise<boolean>
  /**
   * Keeps calls from the key; without balance from all keys of its account. Nothing happens if the key
   * has been replaced or let in again meanwhile.
   */
  fault(key: KeyVersion, fault: KeyFault): Promise<void>
  /**
   * Lets calls use the keys of the account again that had no balance; returns how many. Nothing happens
   * if the key has been replaced meanwhile: the balance was another account's.
   */
  refill(key: KeyVersion): Promise<number>
  /** Returns keys without balance whose account is to be asked again; each to one worker only. */
  claimBalanceChecks(): Promise<readonly string[]>
}

const CHECK_EVERY = 'INTERVAL 10 MINUTE'
const FORGET = 'k.version = k.version + 1, k.fault = NULL, k.fault_at = NULL'
/** `k` are the keys that share an account with `c`. */
const ACCOUNT_OF_C = 'api_keys k JOIN api_keys c ON k.id = c.id OR k.account = c.account'

export function createApiKeyChanges(db: Database, rows: KeyRows): ApiKeyChanges {
  /** Two that store a new alias each lock the gap in which both belong. */
  function transaction<T>(work: (tx: Queries) => Promise<T>): Promise<T> {
    return repeatDeadlocked(() => db.transaction(work))
  }

  return {
    /** The row's id is part of what is encrypted, so the row comes first, both in one transaction. */
    put: ({ alias, baseUrl, weight, account, secret }, origin, standin = false) =>
      transaction(async (tx) => {
        const before = await lock(tx, 'alias', alias)
        if (baseUrl === undefined && before?.base_url) return undefined
        const given = Object.entries({ base_url: baseUrl, weight, account })
          .filter(([, value]) => value !== undefined)
          .map(([column]) => `${column} = new.${column}, `)
        await tx.execute(
          `INSERT INTO api_keys (alias, base_url, weight, account, standin) VALUES (?, ?, ?, ?, ?) AS new
           ON DUPLICATE KEY UPDATE ${given.join('')}standin = new.standin,
             enabled = TRUE, revision = api_keys.revision + 1`,
          [alias, baseUrl ?? null, weight ?? 1, account ?? null, standin],
        )
        const row = await lock(tx, 'alias', alias)
        if (row === undefined) throw new Error(`api_keys has lost the alias ${alias}`)
        await rows.seal(tx, row.id, secret)
        if (origin !== undefined) {
          const after = { ...audited(row), last4: secret.slice(-4) }
          const record = { target: row.id, before: before ? audited(before) : null, after }
          await recordChange(tx, { origin, action: 'key.put', ...record })
        }
        return { id: row.id, baseUrl: row.base_url }
      }),

    change: (id, { enabled, weight, account }, origin, revision) =>
      transaction(async (tx) => {
        const before = await lock(tx, 'id', id)
        if (before === undefined) return 'missing'
        if (revision !== undefined && before.revision !== revision) return 'conflict'
        const set = ['k.revision = k.revision + 1']
        const values: SqlValue[] = []
        for (const [column, value] of [
          ['k.enabled', enabled],
          ['k.weight', weight],
          ['k.account', account],
        ] as const) {
          if (value === undefined) continue
          set.push(`${column} = ?`)
          values.push(value)
        }
        if (enabled === true) set.push(FORGET)
        const sql = `UPDATE api_keys k SET ${set.join(', ')} WHERE k.id = ?`
        await tx.execute(sql, [...values, id])
        const after = await lock(tx, 'id', id)
        const record = { before: audited(before), after: after ? audited(after) : null }
        await recordChange(tx, { origin, action: 'key.change', target: id, ...record })
        return 'changed'
      }),

    remove: (id, origin) =>
      transaction(async (tx) => {
        const before = await lock(tx, 'id', id)
        if (before === undefined || before.standin === 1) return false
        await tx.execute('DELETE FROM api_keys WHERE id = ?', [id])
        const record = { before: audited(before), after: null }
        await recordChange(tx, { origin, action: 'key.remove', target: id, ...record })
        return true
      }),

    async fault({ id, version }, fault) {
      const scope =
        fault === 'no_balance' ? ACCOUNT_OF_C : 'api_keys k JOIN api_keys c ON k.id = c.id'
      await db.execute(
        `UPDATE ${scope} SET k.fault = ?, k.fault_at = UTC_TIMESTAMP(3)
         WHERE c.id = ? AND c.version = ? AND k.fault IS NULL AND NOT k.standin`,
        [fault, id, version],
      )
    },

    async refill({ id, version }) {
      const { affectedRows } = await db.execute(
        `UPDATE ${ACCOUNT_OF_C} SET ${FORGET}
         WHERE c.id = ? AND c.version = ? AND k.fault = 'no_balance'`,
        [id, version],
      )
      return affectedRows
    },

    async claimBalanceChecks() {
      // GREATEST is NULL if one of them is; an operator may have set `fault` alone.
      const last = `COALESCE(GREATEST(balance_checked_at, fault_at),
        balance_checked_at, fault_at, created_at)`
      const due = `fault = 'no_balance' AND enabled AND ${last} < UTC_TIMESTAMP(3) - ${CHECK_EVERY}`
      const claimed: string[] = []
      for (const { id } of await db.query<{ id: string }>(`SELECT id FROM api_keys WHERE ${due}`)) {
        const sql = `UPDATE api_keys SET balance_checked_at = UTC_TIMESTAMP(3) WHERE id = ? AND ${due}`
        if ((await db.execute(sql, [id])).affectedRows > 0) claimed.push(id)
      }
      return claimed
    },
  }
}

async function lock(tx: Queries, by: 'id' | 'alias', value: string): Promise<KeyRow | undefined> {
  const [row] = await tx.query<KeyRow>(`${SELECT_KEYS} WHERE ${by} = ? FOR UPDATE`, [value])
  return row
}

/** Returns what the record of a change tells of a key. */
function audited({ alias, last4, base_url, weight, account, enabled }: KeyRow) {
  const key = { alias, last4, base_url, weight, account, enabled: enabled === 1 }
  return key satisfies Audited<'key.put'>
}
