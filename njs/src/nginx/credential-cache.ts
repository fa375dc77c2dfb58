/**
 * Sessions and tokens that Redis called good a moment ago, shared by all nginx processes. They are
 * found by the very text that the client sends, so whoever is found here has an authentic one. The
 * zone is memory only and is never written to disk.
 */

import { isPlain, readHolder } from '../domain/admission.ts'
import type { Credential } from '../domain/credential.ts'
import { type Allow, allow, type Identity } from '../domain/decision.ts'
import type { GateRequest } from './gate-request.ts'
import { isAnythingRevoked, isRevoked } from './revocations.ts'
import { credentials, fresh } from './zones.ts'

export interface KnownCredential extends Identity {
  /** The user's own limits (own-limits.ts), or empty. */
  readonly limits: string
  /** How admit.lua names the holder (readHolder), which it will do again unless something changed. */
  readonly greeting: string
  /** Until when it is believed without asking Redis, Unix ms; later only while Redis is away. */
  readonly freshUntilMs: number
  /** From when on it is written anew if Redis was asked all the same, Unix ms. */
  readonly renewFromMs: number
  /** The decision where there are no limits and every role may pass. */
  readonly allowed: Allow
}

/** Bounds the memory of entries that were read. */
const MAX_RECENT = 200

/** Entries read before: a pure cache, because reading one takes longer than finding it. */
const recent = new Map<string, KnownCredential>()

/** Returns what is known of the credential sent as `text`, unless it was revoked, else undefined. */
export function recallCredential(text: string): KnownCredential | undefined {
  const entry = credentials.get(text)
  if (entry === undefined) return undefined
  const known = knownBy(entry)
  return isAnythingRevoked() && isRevoked(known, readHolder(known.greeting).epoch)
    ? undefined
    : known
}

/** Returns what an entry of `credentials` says, whether or not it was revoked since. */
export function knownBy(entry: string): KnownCredential {
  let known = recent.get(entry)
  if (known === undefined) {
    known = readEntry(entry)
    if (recent.size >= MAX_RECENT) recent.clear()
    recent.set(entry, known)
  }
  return known
}

/**
 * Remembers a credential that Redis has just called good and that was not revoked meanwhile.
 * @param greeting how admit.lua named its holder
 */
export function rememberCredential(
  text: string,
  { kind, uid, hash }: Credential,
  greeting: string,
  { now, settings: { freshMs, staleMs } }: GateRequest,
): void {
  const entry = `${kind === 'token' ? 't' : 's'}${hash}${now + freshMs}${now + (freshMs >> 1)}${uid} ${greeting}`
  credentials.set(text, entry, freshMs + staleMs)
  // From when it was asked, as above, not from when the answer came.
  const leftMs = now + freshMs - Date.now()
  if (kind === 'token' || leftMs <= 0) return
  const { role, epoch } = readHolder(greeting)
  const letter = role === 'admin' ? ADMIN : USER
  fresh.set(text, hash + letter + String(epoch).padStart(EPOCH_DIGITS, '0') + uid, leftMs)
}

/**
 * An entry begins with what has a fixed width, so that reading it needs no search: kind (1 character),
 * hash (64), milliseconds (13 each); then uid, a space and the greeting.
 */
export const HASH = 1
export const FRESH_UNTIL = HASH + 64
export const RENEW_FROM = FRESH_UNTIL + 13
export const UID = RENEW_FROM + 13

/**
 * Of a session that is fresh, no more than has to be known to let it pass: hash, a letter for the role,
 * epoch, uid.
 */
export const FRESH_ROLE = 64
const FRESH_EPOCH = FRESH_ROLE + 1
/** Of the greatest whole number that JavaScript knows. */
const EPOCH_DIGITS = 16
export const FRESH_UID = FRESH_EPOCH + EPOCH_DIGITS
export const ADMIN = 'a'
const USER = 'u'

/** Returns the epoch of an entry of `fresh`. */
export function freshEpoch(entry: string): number {
  return Number(entry.slice(FRESH_EPOCH, FRESH_UID))
}

function readEntry(entry: string): KnownCredential {
  const space = entry.indexOf(' ', UID)
  const greeting = entry.slice(space + 1)
  const credential = {
    kind: entry.charAt(0) === 't' ? 'token' : 'session',
    uid: entry.slice(UID, space),
    hash: entry.slice(HASH, FRESH_UNTIL),
  } as const
  const identity = identityOf(credential, greeting)
  return {
    ...identity,
    limits: isPlain(greeting) ? '' : readHolder(greeting).limits,
    greeting,
    freshUntilMs: Number(entry.slice(FRESH_UNTIL, RENEW_FROM)),
    renewFromMs: Number(entry.slice(RENEW_FROM, UID)),
    allowed: allow(identity, 'cache'),
  }
}

/**
 * Returns who a credential stands for.
 * @param greeting how admit.lua named its holder
 */
export function identityOf({ kind, uid, hash }: Credential, greeting: string): Identity {
  const { role, tokenId } = readHolder(greeting)
  return { kind, uid, hash, role, tokenId }
}

/** Forgets a credential that Redis no longer calls good. */
export function forgetCredential(text: string): void {
  credentials.delete(text)
  fresh.delete(text)
}
