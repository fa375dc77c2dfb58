/**
 * The quick way: what nearly every request is (a known session, a location without or with one limit
 * per user, a Redis that is well), decided with as few functions and objects as can be. Every nginx
 * request has a script context of its own, whose memory is cold; so what a decision costs is how much
 * of it is touched, and the long way (admit.ts, limits.ts) touches five times as much.
 *
 * Nothing is refused here, and nothing is let through that the long way would not let through: whatever
 * is not plain goes there, before Redis is asked or with its answer.
 */

import { allow, type Decision } from '../domain/decision.ts'
import { judgeHolder } from './admit.ts'
import type { Candidate } from './candidate.ts'
import { countAdmission } from './counters.ts'
import {
  FRESH_UNTIL,
  HASH,
  RENEW_FROM,
  recallCredential,
  rememberCredential,
  UID,
} from './credential-cache.ts'
import type { GateRequest } from './gate-request.ts'
import { conclude, concludeFailure, LATER } from './guard.ts'
import { takeAnswer } from './limits.ts'
import { recordAdmission } from './local-count.ts'
import type { QuickTerms } from './quick-terms.ts'
import { BRIDGE_LOCATION, receive } from './redis.ts'
import { APART_AT, AWAY_SINCE, noteRedisAnswer } from './redis-state.ts'
import { ANY } from './revocations.ts'
import { credentials, redisHealth, refusals, slots, tombstones } from './zones.ts'

/** Where the script's words begin in a reply of 10 to 99 bytes: `$nn\r\n`. */
const WORDS_AT = 5

/**
 * Decides about a request of a browser, or begins to; undefined if it has to go the long way.
 * @param text the session cookie as it was sent
 */
export function decideQuickly(
  request: GateRequest,
  text: string,
): Decision | typeof LATER | undefined {
  const { r, variables, now, settings } = request
  const { quick } = settings
  if (quick === undefined || tombstones.has(ANY)) return undefined
  const entry = credentials.get(text)
  if (entry === undefined || entry.charAt(0) !== 's') return undefined
  const { method } = r
  const acts = method !== 'GET' && method !== 'HEAD'
  if (acts && variables['http_sec_fetch_site'] !== 'same-origin') return undefined
  const space = entry.indexOf(' ', UID)
  const uid = entry.slice(UID, space)
  const hash = entry.slice(HASH, FRESH_UNTIL)
  const greeting = entry.slice(space + 1)
  if (!quick.isLimited) {
    if (now >= Number(entry.slice(FRESH_UNTIL, RENEW_FROM))) return undefined
    return allow(identityOf(uid, hash, greeting), 'cache')
  }
  if (refusals.has(quick.refusalStart + text) || redisHealth.has(AWAY_SINCE)) return undefined
  const apartAt = redisHealth.get(APART_AT)
  if (apartAt !== undefined && now < apartAt + quick.windowMs) return undefined
  const texts = quick.texts[uid.length]
  if (texts === undefined) return undefined
  const body = question(texts, uid, hash, variables['request_id'] ?? '')
  r.subrequest(BRIDGE_LOCATION, { body }, (response) => {
    try {
      const standing = standingOf(quick, greeting, response)
      if (standing === undefined || tombstones.has(ANY)) {
        const known = recallCredential(text)
        const credential = { kind: 'session', uid, hash } as const
        const address = ''
        const candidate = { request, text, credential, known, address, judge: judgeHolder }
        receive<Candidate>(r, { body }, response, takeAnswer, candidate)
        return
      }
      const identity = identityOf(uid, hash, greeting)
      noteRedisAnswer()
      countAdmission(settings.policyNames, Date.now() - now)
      recordQuickly(request, quick, identity)
      if (now >= Number(entry.slice(RENEW_FROM, UID))) {
        rememberCredential(text, identity, greeting, request)
      }
      const wait = Math.ceil(Number(standing[2]) / 1000)
      const state = `${quick.stateStart}${standing[1]};t=${wait}`
      const rate = { policy: quick.policyHeader, state }
      conclude(request, allow(identity, 'redis', rate, settings.slot))
    } catch (error) {
      concludeFailure(request, error)
    }
  })
  return LATER
}

/**
 * Returns the question to admit.lua.
 * @param t texts around the gaps (quick-terms.ts); by index, because taking an array apart costs QuickJS
 *   more than all the rest
 */
function question(t: readonly string[], uid: string, hash: string, id: string): string {
  return t.length === 6
    ? `${t[0]}${uid}${t[1]}${hash}${t[2]}${uid}${t[3]}${uid}${t[4]}${id}${t[5]}`
    : `${t[0]}${uid}${t[1]}${hash}${t[2]}${uid}${t[3]}${uid}${t[4]}${uid}${t[5]}${id}${t[6]}`
}

/**
 * Returns quota, requests left and milliseconds of the window if Redis has admitted the request, knows
 * its holder as before and counted by the policy's own quota.
 */
function standingOf(
  quick: QuickTerms,
  greeting: string,
  { status, responseText = '' }: NginxHTTPRequest,
): readonly string[] | undefined {
  const flagAt = WORDS_AT + greeting.length
  if (status !== 200 || !responseText.startsWith(greeting, WORDS_AT)) return undefined
  if (responseText.charAt(flagAt) !== '1') return undefined
  const words = responseText.slice(flagAt + 2, -2).split(' ')
  return words.length === quick.words && words[0] === quick.quota ? words : undefined
}

function identityOf(uid: string, hash: string, greeting: string) {
  const role = greeting.charAt(3) === 'a' ? 'admin' : 'user'
  return { kind: 'session', uid, hash, role, tokenId: '' } as const
}

/** Takes a slot, as recordAdmission does, which has the words for when there is none. */
function recordQuickly(
  { settings, now }: GateRequest,
  quick: QuickTerms,
  identity: ReturnType<typeof identityOf>,
): void {
  const { windowMs, slots: count } = quick
  const key = `${quick.slotStart}${identity.uid}#${Math.floor(Math.random() * count)}`
  try {
    if (slots.add(key, now + windowMs, windowMs)) return
  } catch {
    // Full: recordAdmission notes it.
  }
  recordAdmission(settings.policies, identity, '', '', now)
}
