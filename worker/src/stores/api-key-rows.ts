/** Rows of api_keys, and how the key in one is opened; in the clear it never leaves this process. */

import type { KeyFlaw } from '#contract/key-state.ts'
import { decryptKey, encryptKey, KeyCipherError } from '../domain/key-cipher.ts'
import type { KeyFault } from '../domain/key-health.ts'
import {
  KEY_PATTERN,
  mayTravel,
  normalBaseUrl,
  ownAccount,
  type PooledKey,
} from '../domain/upstream-key.ts'
import type { WorkerEnv } from '../env.ts'
import type { Database, Queries } from './mysql.ts'

export interface KeyRow {
  readonly id: string
  readonly alias: string
  readonly key_cipher: string | null
  readonly plain_key: string | null
  readonly last4: string
  readonly base_url: string | null
  readonly weight: number
  readonly account: string | null
  readonly version: number
  /** Raised with every change by an administrator. */
  readonly revision: number
  readonly enabled: number
  readonly standin: number
  readonly fault: KeyFault | null
  readonly fault_at: Date | null
  readonly created_at: Date
  readonly last_used_at: Date | null
}

export const SELECT_KEYS = `SELECT id, alias, key_cipher, plain_key, last4, base_url, weight, account,
  version, revision, enabled, standin, fault, fault_at, created_at, last_used_at FROM api_keys`

/** A row with its key, or with what is wrong about it. */
export interface OpenedRow {
  readonly row: KeyRow
  readonly key: PooledKey | undefined
  readonly flaw: KeyFlaw | undefined
}

export interface KeyRows {
  /** Opens a row; a key that was inserted in the clear is encrypted by this. */
  open(row: KeyRow): Promise<OpenedRow>
  /** Returns the row's key. @throws {KeyCipherError} if it does not open */
  secretOf(row: Pick<KeyRow, 'id' | 'key_cipher'>): string | undefined
  /** Stores a key in its row; what was known about the key before it does not count any more. */
  seal(tx: Queries, id: string, secret: string): Promise<void>
}

type Settings = Pick<WorkerEnv, 'encryptionKeys' | 'deepseekBaseUrl' | 'standinUrl'>

export function createKeyRows(env: Settings, db: Database): KeyRows {
  async function open(row: KeyRow): Promise<OpenedRow> {
    const flawed = (flaw: KeyFlaw): OpenedRow => ({ row, key: undefined, flaw })
    if (row.plain_key !== null) {
      const taken = await takeOver(row.id)
      return taken === undefined ? flawed('malformed_key') : open(taken)
    }
    let secret: string | undefined
    try {
      secret = secretOf(row)
    } catch (error) {
      if (!(error instanceof KeyCipherError)) throw error
      return flawed(error.fault === 'unknown_key' ? 'unknown_encryption_key' : 'damaged_key')
    }
    if (secret === undefined) return flawed('no_key')
    const baseUrl = normalBaseUrl(row.base_url ?? env.deepseekBaseUrl)
    if (baseUrl === undefined) return flawed('insecure_url')
    const { id, alias, weight, version, fault } = row
    const account = row.account ?? ownAccount(id, version)
    const standin = row.standin === 1
    const key = { id, alias, secret, baseUrl, weight, standin, account, version, fault }
    return mayTravel(key, env.standinUrl) ? { row, key, flaw: undefined } : flawed('standin_url')
  }

  /** Encrypts a key that was inserted in the clear; returns the new row, undefined if malformed. */
  function takeOver(id: string): Promise<KeyRow | undefined> {
    return db.transaction(async (tx) => {
      const read = () => tx.query<KeyRow>(`${SELECT_KEYS} WHERE id = ? FOR UPDATE`, [id])
      const [row] = await read()
      if (row === undefined || row.plain_key === null) return row
      const plain = row.plain_key.trim()
      if (!KEY_PATTERN.test(plain)) return undefined
      await seal(tx, id, plain)
      return (await read())[0]
    })
  }

  function secretOf({ id, key_cipher }: Pick<KeyRow, 'id' | 'key_cipher'>): string | undefined {
    return key_cipher === null ? undefined : decryptKey(env.encryptionKeys, id, key_cipher)
  }

  async function seal(tx: Queries, id: string, secret: string): Promise<void> {
    await tx.execute(
      `UPDATE api_keys SET key_cipher = ?, last4 = ?, plain_key = NULL,
         version = version + 1, fault = NULL, fault_at = NULL WHERE id = ?`,
      [encryptKey(env.encryptionKeys, id, secret), secret.slice(-4), id],
    )
  }

  return { open, secretOf, seal }
}
