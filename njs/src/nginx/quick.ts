/**
 * The quick way: what nearly every request is (a known session, a location without or with one limit
 * per user, a Redis that is well), decided with as few functions and objects as can be. Every nginx
 * request has a script context of its own, whose memory is cold; so what a decision costs is how much
 * of it is touched, and the long way (admit.ts, limits.ts) touches five times as much.
 *
 * Nothing is refused here, and nothing is let through that the long way would not let through: whatever
 * is not plain goes there, before Redis is asked or with its answer.
 */

import { readHolder } from '../domain/admission.ts'
import { allow } from '../domain/decision.ts'
import { decisionSeries } from '../domain/prometheus.ts'
import { judgeHolder } from './admit.ts'
import { answerRefusal } from './answer.ts'
import type { Candidate } from './candidate.ts'
import { count, countAdmission } from './counters.ts'
import {
  FRESH_UNTIL,
  HASH,
  RENEW_FROM,
  recallCredential,
  rememberCredential,
  UID,
} from './credential-cache.ts'
import type { GateRequest } from './gate-request.ts'
import type { GateSettings } from './gate-settings.ts'
import { conclude, concludeFailure, wait } from './guard.ts'
import { takeAnswer } from './limits.ts'
import { recordAdmission } from './local-count.ts'
import type { QuickTerms } from './quick-terms.ts'
import { BRIDGE_LOCATION, receive } from './redis.ts'
import { APART_AT, AWAY_SINCE, noteRedisAnswer } from './redis-state.ts'
import { ANY, isRevoked } from './revocations.ts'
import { credentials, redisHealth, refusals, slots, tombstones } from './zones.ts'

/** Where a role begins behind the space before a greeting, `ok user …`. */
const ROLE_AT = 4

/** Where the script's words begin in a reply of 10 to 99 bytes: `$nn\r\n`. */
const WORDS_AT = 5

/** As guard.ts counts it. */
const ALLOWED_FROM_CACHE = decisionSeries('allow', 'cache')

const SPACE = 0x20
const SEMICOLON = 0x3b

/** Lets a plain request of a browser through or asks Redis about it; false: it has to go the long way. */
export function takeQuickly(
  r: NginxHTTPRequest,
  variables: NginxVariables,
  settings: GateSettings,
): boolean {
  const { quick, cookieStart } = settings
  const header = variables['http_cookie']
  if (quick === undefined || header === undefined) return false
  const at = header.indexOf(cookieStart)
  // Between cookies browsers write `; ` (RFC 6265 §5.4).
  const isFirst = at === 0
  if (!isFirst && header.charCodeAt(at - 1) !== SPACE) return false
  if (!isFirst && header.charCodeAt(at - 2) !== SEMICOLON) return false
  const end = header.indexOf(';', at)
  const text = header.slice(at + cookieStart.length, end < 0 ? header.length : end)
  const entry = credentials.get(text)
  if (entry === undefined || entry.charAt(0) !== 's' || isEnded(entry)) return false
  const { method } = r
  const acts = method !== 'GET' && method !== 'HEAD'
  if (acts && variables['http_sec_fetch_site'] !== 'same-origin') return false
  if (quick.isLimited) return ask(r, variables, settings, quick, text, entry)
  const now = Date.now()
  if (now >= Number(entry.slice(FRESH_UNTIL, RENEW_FROM))) return false
  const space = entry.indexOf(' ', UID)
  variables['gate_verdict'] = 'allow'
  variables['gate_user'] = entry.slice(UID, space)
  variables['gate_user_role'] = entry.charAt(space + ROLE_AT) === 'a' ? 'admin' : 'user'
  variables['gate_session'] = entry.slice(HASH, FRESH_UNTIL)
  count(ALLOWED_FROM_CACHE)
  return true
}

/** Asks Redis about a session that was good a while ago. */
function ask(
  r: NginxHTTPRequest,
  variables: NginxVariables,
  settings: GateSettings,
  quick: QuickTerms,
  text: string,
  entry: string,
): boolean {
  const now = Date.now()
  if (refusals.has(quick.refusalStart + text) || redisHealth.has(AWAY_SINCE)) return false
  if (isApart(quick, now)) return false
  const space = entry.indexOf(' ', UID)
  const uid = entry.slice(UID, space)
  const hash = entry.slice(HASH, FRESH_UNTIL)
  const greeting = entry.slice(space + 1)
  const texts = quick.texts[uid.length]
  if (texts === undefined) return false
  const request: GateRequest = { r, variables, now, settings }
  const body = question(texts, uid, hash, variables['request_id'] ?? '')
  r.subrequest(BRIDGE_LOCATION, { body }, (response) => {
    try {
      const standing = standingOf(quick, greeting, response)
      // Ended, or counted without Redis, while Redis was asked.
      if (standing === undefined || isEnded(entry) || isApart(quick, now)) {
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
      const seconds = Math.ceil(Number(standing[2]) / 1000)
      const state = `${quick.stateStart}${standing[1]};t=${seconds}`
      const rate = { policy: quick.policyHeader, state }
      conclude(request, allow(identity, 'redis', rate, settings.slot))
    } catch (error) {
      concludeFailure(request, error)
    }
  })
  wait(request, answerRefusal)
  return true
}

/** Whether the session of an entry was ended on this nginx. */
function isEnded(entry: string): boolean {
  if (!tombstones.has(ANY)) return false
  const space = entry.indexOf(' ', UID)
  const { epoch } = readHolder(entry.slice(space + 1))
  return isRevoked({ uid: entry.slice(UID, space), hash: entry.slice(HASH, FRESH_UNTIL) }, epoch)
}

/** Whether Redis may not know of a request within the window. */
function isApart({ windowMs }: QuickTerms, now: number): boolean {
  const apartAt = redisHealth.get(APART_AT)
  return apartAt !== undefined && now < apartAt + windowMs
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
  const role = greeting.charAt(ROLE_AT - 1) === 'a' ? 'admin' : 'user'
  return { kind: 'session', uid, hash, role, tokenId: '' } as const
}

/** Takes a slot, as recordAdmission does, which has the words for when there is none. */
function recordQuickly(
  { settings, now }: GateRequest,
  quick: QuickTerms,
  identity: ReturnType<typeof identityOf>,
): void {
  const { windowMs, slots: places } = quick
  const key = `${quick.slotStart}${identity.uid}#${Math.floor(Math.random() * places)}`
  try {
    if (slots.add(key, now + windowMs, windowMs)) return
  } catch {
    // Full: recordAdmission notes it.
  }
  recordAdmission(settings.policies, identity, '', '', now)
}
