/** Work that only one worker does at a time. */

import type { Database } from './mysql.ts'

/**
 * Runs `work` while this database's lock of that name is held, and returns what it returns; undefined
 * if somebody else holds the lock. The lock lives as long as a connection of its own: if that breaks,
 * another worker may begin, so the lock saves work and is no guard of its own.
 * @param name short, letters and underscores
 */
export function withLock<T>(
  db: Database,
  name: string,
  work: () => Promise<T>,
): Promise<T | undefined> {
  return db.transaction(async (tx) => {
    const lock = `CONCAT(LEFT(DATABASE(), 40), '.${name}')`
    const [turn] = await tx.query<{ taken: string | null }>(`SELECT GET_LOCK(${lock}, 0) AS taken`)
    if (turn?.taken !== '1') return undefined
    try {
      return await work()
    } finally {
      await tx.query(`SELECT RELEASE_LOCK(${lock})`)
    }
  })
}
