/** How much is stored, for tests that nothing was. */

import assert from 'node:assert/strict'
import type { RowDataPacket } from 'mysql2'
import type { Plan } from '../../scripts/stack/plan.ts'
import { sqlConnection } from './sql.ts'

const TABLES = ['users', 'conversations', 'messages', 'token_usage', 'access_tokens', 'api_keys']

const LOOK = `SELECT ${TABLES.map((name) => `(SELECT COUNT(*) FROM ${name}) AS ${name}`).join(', ')},
  (SELECT BIT_XOR(CRC32(CONCAT_WS('|', id, username, password_hash, role, state, epoch, limits)))
    FROM users) AS accounts,
  (SELECT BIT_XOR(CRC32(CONCAT_WS('|', id, title)))
    FROM conversations WHERE user_id IS NOT NULL) AS titles,
  (SELECT BIT_XOR(CRC32(CONCAT_WS('|', id, alias, enabled, weight))) FROM api_keys) AS switches`

export interface StoredRows {
  readonly counts: readonly number[]
  /** Of what changes would alter without another row. */
  readonly sums: readonly unknown[]
}

export interface StoredRowsLook {
  look(): Promise<StoredRows>
  close(): Promise<void>
}

/** Returns what looks how much is stored at the moment. */
export async function storedRows(plan: Plan): Promise<StoredRowsLook> {
  const connection = await sqlConnection(plan)
  return {
    async look() {
      const [rows] = await connection.execute<RowDataPacket[]>(LOOK)
      const row: Readonly<Record<string, unknown>> = rows[0] ?? {}
      return {
        counts: TABLES.map((name) => Number(row[name])),
        sums: ['accounts', 'titles', 'switches'].map((name) => row[name]),
      }
    },
    close: () => connection.end(),
  }
}

/** Asserts that nothing came and nothing changed; rows of what was deleted may still be going. */
export function assertNothingStored(before: StoredRows, after: StoredRows, what: string): void {
  for (const [index, name] of TABLES.entries()) {
    assert.ok((after.counts[index] ?? 0) <= (before.counts[index] ?? 0), `${what} left ${name}`)
  }
  assert.deepEqual(after.sums, before.sums, `${what} changed something`)
}
