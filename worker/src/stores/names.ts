/** Names of what statistics know by its id. */

import type { Database } from './mysql.ts'

export interface Names {
  /** Returns aliases of upstream keys by id; deleted ones are missing. */
  keys(ids: readonly string[]): Promise<ReadonlyMap<string, string>>
  /** Returns usernames by id. */
  users(ids: readonly string[]): Promise<ReadonlyMap<string, string>>
}

export function createNames(db: Database): Names {
  async function namesOf(sql: string, ids: readonly string[]) {
    if (ids.length === 0) return new Map<string, string>()
    const rows = await db.query<{ id: string; name: string }>(sql, [ids])
    return new Map(rows.map(({ id, name }) => [id, name]))
  }
  return {
    keys: (ids) => namesOf('SELECT id, alias AS name FROM api_keys WHERE id IN (?)', ids),
    users: (ids) => namesOf('SELECT id, username AS name FROM users WHERE id IN (?)', ids),
  }
}
