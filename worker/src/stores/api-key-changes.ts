/** Changes of api_keys: by admins, and by what calls and checks have found out. */

import type { KeyFault } from '../domain/key-health.ts'
import type { PooledKey } from '../domain/upstream-key.ts'
import type { KeyRows } from './api-key-rows.ts'
import type { Database, SqlValue } from './mysql.ts'

/** What is left out stays as the alias has it; null puts the default back, which a new alias has. */
export interface NewApiKey {
  readonly alias: string
  readonly secret: string
  /** Default: DEEPSEEK_BASE_URL, whatever it is at the time of a call. */
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

export interface ApiKeyChanges {
  /** Stores a key, replacing the one with the same alias, and lets calls use it; returns its id. */
  put(key: NewApiKey, standin?: boolean): Promise<string>
  /** Returns false if there is no such key. Enabling one also forgets what the provider said against it. */
  change(id: string, change: ApiKeyChange): Promise<boolean>
  /** Returns false if there is no such key. The stand-in's stays. */
  remove(id: string): Promise<boolean>
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
  return {
    /** The row's id is part of what is encrypted, so the row comes first, both in one transaction. */
    put: ({ alias, baseUrl, weight, account, secret }, standin = false) =>
      db.transaction(async (tx) => {
        const given = Object.entries({ base_url: baseUrl, weight, account })
          .filter(([, value]) => value !== undefined)
          .map(([column]) => `${column} = new.${column}, `)
        await tx.execute(
          `INSERT INTO api_keys (alias, base_url, weight, account, standin) VALUES (?, ?, ?, ?, ?) AS new
           ON DUPLICATE KEY UPDATE ${given.join('')}standin = new.standin, enabled = TRUE`,
          [alias, baseUrl ?? null, weight ?? 1, account ?? null, standin],
        )
        const [row] = await tx.query<{ id: string }>('SELECT id FROM api_keys WHERE alias = ?', [
          alias,
        ])
        if (row === undefined) throw new Error(`api_keys has lost the alias ${alias}`)
        await rows.seal(tx, row.id, secret)
        return row.id
      }),

    async change(id, { enabled, weight, account }) {
      const set: string[] = []
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
      return (await db.execute(sql, [...values, id])).affectedRows > 0
    },

    async remove(id) {
      const sql = 'DELETE FROM api_keys WHERE id = ? AND NOT standin'
      return (await db.execute(sql, [id])).affectedRows > 0
    },

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
