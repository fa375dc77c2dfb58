/** Sessions that Redis called good a moment ago, and those revoked meanwhile, shared by all nginx workers. */

import type { Revocation } from '../contract/revocation.ts'
import type { Role } from '../contract/session.ts'

interface CachedSession {
  readonly role: Role
  readonly epoch: number
}

/**
 * How long a revocation is remembered, ms: longer than any cached session is believed, so that
 * neither a cached one nor an answer already under way brings the session back.
 */
const TOMBSTONE_MS = 62_000

function sessions(): NgxSharedDict<string> {
  return zone('gate_sessions')
}

function tombstones(): NgxSharedDict<string> {
  return zone('gate_revoked')
}

function zone(name: string): NgxSharedDict<string> {
  const dict = ngx.shared[name]
  if (dict === undefined) throw new Error(`js_shared_dict_zone ${name} is missing`)
  return dict as NgxSharedDict<string>
}

/** Returns the session if it was found good within `sessionCacheMs` and is not revoked, else undefined. */
export function cachedSession(uid: string, hash: string): CachedSession | undefined {
  const text = sessions().get(hash)
  if (text === undefined) return undefined
  const [role, epoch] = text.split(' ')
  const session: CachedSession = { role: role === 'admin' ? 'admin' : 'user', epoch: Number(epoch) }
  return isRevoked(uid, hash, session.epoch) ? undefined : session
}

/** Remembers a good session for `ms`; a session revoked in the meantime is not remembered. */
export function rememberSession(
  uid: string,
  hash: string,
  session: CachedSession,
  ms: number,
): void {
  if (isRevoked(uid, hash, session.epoch)) return
  sessions().set(hash, `${session.role} ${session.epoch}`, ms)
}

/** Returns true if the session, or every session of its epoch, was revoked on this nginx. */
export function isRevoked(uid: string, hash: string, epoch: number): boolean {
  const dict = tombstones()
  if (dict.has(`s:${hash}`)) return true
  const validFrom = dict.get(`u:${uid}`)
  return validFrom !== undefined && epoch < Number(validFrom)
}

/** Makes this nginx forget what the worker revoked, at once. */
export function revoke(revocation: Revocation): void {
  if (revocation.kind === 'session') {
    tombstones().set(`s:${revocation.session}`, '1', TOMBSTONE_MS)
    sessions().delete(revocation.session)
  } else {
    tombstones().set(`u:${revocation.uid}`, String(revocation.epoch), TOMBSTONE_MS)
  }
}
