/** When chores that one worker does for all were done last. */

import type { Database } from './mysql.ts'

export interface Chores {
  /** Returns when it was done last and what MySQL's clock says, Unix ms; the first time, both are now. */
  look(name: string): Promise<{ readonly doneAt: number; readonly now: number }>
  done(name: string): Promise<void>
}

export function createChores(db: Database): Chores {
  return {
    async look(name) {
      await db.execute(
        `INSERT INTO chores (name, done_at) VALUES (?, NOW(3))
         ON DUPLICATE KEY UPDATE done_at = chores.done_at`,
        [name],
      )
      const [row] = await db.query<{ done_at: Date; now: Date }>(
        'SELECT done_at, NOW(3) AS now FROM chores WHERE name = ?',
        [name],
      )
      if (row === undefined) throw new Error(`the chore ${name} has no row`)
      return { doneAt: row.done_at.getTime(), now: row.now.getTime() }
    },
    async done(name) {
      await db.execute('UPDATE chores SET done_at = NOW(3) WHERE name = ?', [name])
    },
  }
}
