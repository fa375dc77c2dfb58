/** Sessions, tokens and epochs that the worker has ended, remembered longer than any cached one lives. */

import type { Revocation } from '../contract/revocation.ts'
import type { Credential } from '../domain/credential.ts'
import { tombstones } from './zones.ts'

/** There while there is anything else: what most requests have to look at. */
export const ANY = 'any'

/** Returns false if nothing was revoked lately, which spares looking further. */
export function isAnythingRevoked(): boolean {
  return tombstones.has(ANY)
}

/** Returns true if the credential, or every one of its epoch, was revoked on this nginx. */
export function isRevoked({ uid, hash }: Pick<Credential, 'uid' | 'hash'>, epoch: number): boolean {
  if (tombstones.has(`s:${hash}`)) return true
  const validFrom = tombstones.get(`u:${uid}`)
  return validFrom !== undefined && epoch < Number(validFrom)
}

/**
 * Makes this nginx forget what the worker revoked, at once.
 * @param memoryMs at least as long as a cached credential may be believed
 */
export function revoke(revocation: Revocation, memoryMs: number): void {
  if (revocation.kind === 'session') tombstones.set(`s:${revocation.session}`, '1', memoryMs)
  else tombstones.set(`u:${revocation.uid}`, String(revocation.epoch), memoryMs)
  // Last, and read first: whoever finds it finds the tombstone too. Renewed each time, it is the
  // youngest entry, so a zone that runs full forgets it last.
  tombstones.set(ANY, '1', memoryMs)
}
