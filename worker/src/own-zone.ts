/** The time zone of a person: the one they have chosen, else the one of the installation. */

import type { Deps } from './deps.ts'
import { type TimeZone, timeZoneOf } from './domain/time-zone.ts'
import { parseTimezone } from './env-values.ts'

export interface OwnZone {
  /** IANA name. */
  readonly name: string
  readonly zone: TimeZone
}

/** @throws {Failure} storage_unavailable */
export async function ownZone(
  { profiles, env }: Pick<Deps, 'profiles' | 'env'>,
  uid: string,
): Promise<OwnZone> {
  const chosen = await profiles.timezone(uid)
  // One that another version of Node has known may be unknown to this one.
  const name = (chosen === null ? undefined : parseTimezone(chosen)) ?? env.timezone
  return { name, zone: timeZoneOf(name) }
}
