/** Encrypts the stored keys of the provider with the first key of the ring, beside running workers. */

import { decryptKey, encryptKey, KeyCipherError } from '../domain/key-cipher.ts'
import type { WorkerEnv } from '../env.ts'
import type { Database } from './mysql.ts'

export interface Reencryption {
  /** Rows that are encrypted anew. */
  readonly done: number
  /** Aliases of rows that do not open, and why; they stay as they are. */
  readonly failed: readonly { readonly alias: string; readonly fault: KeyCipherError['fault'] }[]
}

interface Row {
  readonly id: string
  readonly alias: string
  readonly key_cipher: string
}

const BATCH = 100
/** The id of the key that a value was encrypted with: its second part (key-cipher.ts). */
const KEY_ID = "SUBSTRING_INDEX(SUBSTRING_INDEX(key_cipher, '.', 2), '.', -1)"

/**
 * Goes through all rows; those that are as they should be cost nothing, so it may be cut and repeated.
 * A key that is replaced meanwhile stays what its admin made it.
 * @param onBatch told how many are done so far
 */
export async function reencryptKeys(
  db: Database,
  ring: WorkerEnv['encryptionKeys'],
  onBatch: (done: number) => void,
): Promise<Reencryption> {
  const failed: Reencryption['failed'][number][] = []
  let done = 0
  let afterId: string | undefined = '0'
  while (afterId !== undefined) {
    const batch: Row[] = await db.query<Row>(
      `SELECT id, alias, key_cipher FROM api_keys
       WHERE id > ? AND key_cipher IS NOT NULL AND ${KEY_ID} <> ? ORDER BY id LIMIT ${BATCH}`,
      [afterId, ring.currentId],
    )
    for (const row of batch) {
      try {
        done += await reencrypt(db, ring, row)
      } catch (error) {
        if (!(error instanceof KeyCipherError)) throw error
        failed.push({ alias: row.alias, fault: error.fault })
      }
    }
    if (batch.length > 0) onBatch(done)
    afterId = batch.length === BATCH ? batch.at(-1)?.id : undefined
  }
  return { done, failed }
}

/** Returns 1, or 0 if somebody else has changed the row since it was read. */
async function reencrypt(
  db: Database,
  ring: WorkerEnv['encryptionKeys'],
  { id, key_cipher }: Row,
): Promise<number> {
  const anew = encryptKey(ring, id, decryptKey(ring, id, key_cipher))
  const sql = 'UPDATE api_keys SET key_cipher = ? WHERE id = ? AND key_cipher = ?'
  return (await db.execute(sql, [anew, id, key_cipher])).affectedRows
}
