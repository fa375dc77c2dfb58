/** In which time zone a user's days and months begin. */

import type { WorkerEnv } from './env.ts'

/** Returns the IANA zone of a user. */
export type ZoneOf = (uid: string) => Promise<string>

/** One zone for everybody. */
export function createZoneOf({ timezone }: Pick<WorkerEnv, 'timezone'>): ZoneOf {
  return async () => timezone
}
