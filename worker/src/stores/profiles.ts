/** What people have chosen for themselves. */

import type { Database } from './mysql.ts'

export interface Profiles {
  /** Returns the IANA zone that the user has chosen, or null. */
  timezone(uid: string): Promise<string | null>
  /** Sets it; null goes back to the general one. Returns false if there is no such user. */
  setTimezone(uid: string, timezone: string | null): Promise<boolean>
}

export function createProfiles(db: Database): Profiles {
  return {
    async timezone(uid) {
      const [row] = await db.query<{ timezone: string | null }>(
        'SELECT timezone FROM users WHERE id = ?',
        [uid],
      )
      return row?.timezone ?? null
    },
    async setTimezone(uid, timezone) {
      const { affectedRows } = await db.execute('UPDATE users SET timezone = ? WHERE id = ?', [
        timezone,
        uid,
      ])
      return affectedRows === 1
    },
  }
}
