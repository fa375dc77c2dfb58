/** The time zone of a person: the one they have chosen, else the one of the installation. */

import { type TimeZone, timeZoneOf } from './domain/time-zone.ts'
import type { WorkerEnv } from './env.ts'
import { parseTimezone } from './env-values.ts'
import type { Profiles } from './stores/profiles.ts'

export interface OwnZone {
  /** IANA name. */
  readonly name: string
  readonly zone: TimeZone
}

interface OwnZoneDeps {
  readonly profiles: Profiles
  readonly env: Pick<WorkerEnv, 'timezone'>
}

/** @throws {Failure} storage_unavailable */
export async function ownZone({ profiles, env }: OwnZoneDeps, uid: string): Promise<OwnZone> {
  const chosen = await profiles.timezone(uid)
  // One that another version of Node has known may be unknown to this one.
  const name = (chosen === null ? undefined : parseTimezone(chosen)) ?? env.timezone
  return { name, zone: timeZoneOf(name) }
}
