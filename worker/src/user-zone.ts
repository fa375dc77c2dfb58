/** In which time zone a user's days and months begin, for what asks it with every call. */

import type { WorkerEnv } from './env.ts'
import { ownZone } from './own-zone.ts'
import type { Profiles } from './stores/profiles.ts'

/** Returns the IANA zone of a user. @throws {Failure} storage_unavailable */
export type ZoneOf = (uid: string) => Promise<string>

/** Nobody moves more often. */
const KNOWN_MS = 10_000
/** Bounds the memory of users. */
const MAX_KNOWN = 10_000

/**
 * Returns zones at most KNOWN_MS old.
 * @param now Unix milliseconds
 */
export function createZoneOf(
  profiles: Profiles,
  env: Pick<WorkerEnv, 'timezone'>,
  now: () => number,
): ZoneOf {
  const known = new Map<string, { readonly until: number; readonly zone: string }>()
  return async (uid) => {
    const entry = known.get(uid)
    if (entry !== undefined && now() < entry.until) return entry.zone
    const { name: zone } = await ownZone({ profiles, env }, uid)
    if (known.size >= MAX_KNOWN) known.clear()
    known.set(uid, { until: now() + KNOWN_MS, zone })
    return zone
  }
}
