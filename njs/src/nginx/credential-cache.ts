/**
 * Sessions and tokens that Redis called good a moment ago, shared by all nginx processes. They are
 * found by the very text that the client sends, so whoever is found here has an authentic one. The
 * zone is memory only and is never written to disk.
 */

import type { Holder } from '../domain/admission.ts'
import type { Credential } from '../domain/credential.ts'
import type { Identity } from '../domain/decision.ts'
import { isAnythingRevoked, isRevoked } from './revocations.ts'
import { textZone } from './shared-zone.ts'

export interface KnownCredential extends Credential {
  readonly holder: Holder
  /** Until when it is believed without asking Redis, Unix ms; later only while Redis is away. */
  readonly freshUntilMs: number
  readonly identity: Identity
}

/** Bounds the memory of entries that were read. */
const MAX_RECENT = 200

/** Entries read before: a pure cache, because reading one takes longer than finding it. */
const recent = new Map<string, KnownCredential>()

function credentials(): NgxSharedDict<string> {
  return textZone('gate_credentials')
}

/** Returns what is known of the credential sent as `text`, unless it was revoked, else undefined. */
export function recallCredential(text: string): KnownCredential | undefined {
  const entry = credentials().get(text)
  if (entry === undefined) return undefined
  let known = recent.get(entry)
  if (known === undefined) {
    known = readEntry(entry)
    if (recent.size >= MAX_RECENT) recent.clear()
    recent.set(entry, known)
  }
  return isAnythingRevoked() && isRevoked(known, known.holder.epoch) ? undefined : known
}

/**
 * Remembers a good credential; one that was revoked in the meantime is not remembered.
 * @param freshMs how long it is believed without asking Redis
 * @param staleMs how much longer while Redis is away
 */
export function rememberCredential(
  text: string,
  credential: Credential,
  holder: Holder,
  nowMs: number,
  freshMs: number,
  staleMs: number,
): void {
  if (isRevoked(credential, holder.epoch)) return
  const entry = writeEntry(credential, holder, nowMs + freshMs)
  credentials().set(text, entry, freshMs + staleMs)
}

/**
 * An entry begins with what has a fixed width, so that reading it needs no search: kind (1 character),
 * role (1), hash (64), milliseconds (13); then uid, epoch, own limits and token id, each ended by a
 * space.
 */
const HASH = 2
const FRESH_UNTIL = HASH + 64
const WORDS = FRESH_UNTIL + 13

function writeEntry(
  { kind, uid, hash }: Credential,
  { role, epoch, limits, tokenId }: Holder,
  freshUntilMs: number,
): string {
  const fixed = `${kind === 'token' ? 't' : 's'}${role === 'admin' ? 'a' : 'u'}${hash}`
  return `${fixed}${freshUntilMs}${uid} ${epoch} ${limits} ${tokenId} `
}

function readEntry(entry: string): KnownCredential {
  const kind = entry.charAt(0) === 't' ? 'token' : 'session'
  const role = entry.charAt(1) === 'a' ? 'admin' : 'user'
  const hash = entry.slice(HASH, FRESH_UNTIL)
  const [uid = '', epoch, limits = '', tokenId = ''] = entry.slice(WORDS).split(' ')
  return {
    kind,
    uid,
    hash,
    freshUntilMs: Number(entry.slice(FRESH_UNTIL, WORDS)),
    holder: { role, epoch: Number(epoch), limits, tokenId },
    identity: { uid, role, session: kind === 'session' ? hash : '', token: tokenId },
  }
}

/** Forgets a credential that Redis no longer calls good. */
export function forgetCredential(text: string): void {
  credentials().delete(text)
}
