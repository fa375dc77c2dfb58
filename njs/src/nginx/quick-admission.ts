/** Admission on the quick way: one question to Redis about a session that was good a while ago. */

import { readHolder } from '../domain/admission.ts'
import { allow, type Identity } from '../domain/decision.ts'
import { judgeHolder } from './admit.ts'
import { answerRefusal } from './answer.ts'
import type { Candidate } from './candidate.ts'
import { countAdmission } from './counters.ts'
import {
  FRESH_UNTIL,
  HASH,
  knownBy,
  RENEW_FROM,
  rememberCredential,
  UID,
} from './credential-cache.ts'
import { type GateRequest, gateRequest } from './gate-request.ts'
import type { GateSettings } from './gate-settings.ts'
import { conclude, concludeFailure, wait } from './guard.ts'
import { takeAnswer } from './limits.ts'
import { recordAdmission } from './local-count.ts'
import type { QuickLimit } from './quick-terms.ts'
import { BRIDGE_LOCATION, receive } from './redis.ts'
import { APART_AT, AWAY_SINCE, noteRedisAnswer } from './redis-state.ts'
import { ANY, isRevoked } from './revocations.ts'
import { redisHealth, slots, tombstones } from './zones.ts'

/** Where a role begins in a greeting, `ok user …`. */
const ROLE_AT = 3

/** Where the script's words begin in a reply of 10 to 99 bytes: `$nn\r\n`. */
const WORDS_AT = 5

/**
 * Asks Redis; returns false if the request has to go the long way.
 * @param entry what is known of the credential (credential-cache.ts)
 */
export function askQuickly(
  r: NginxHTTPRequest,
  variables: NginxVariables,
  settings: GateSettings,
  limit: QuickLimit,
  text: string,
  entry: string,
): boolean {
  if (entry.charAt(0) !== 's' || redisHealth.has(AWAY_SINCE)) return false
  const space = entry.indexOf(' ', UID)
  const uid = entry.slice(UID, space)
  const hash = entry.slice(HASH, FRESH_UNTIL)
  const greeting = entry.slice(space + 1)
  if (isEnded(uid, hash, greeting)) return false
  const request = gateRequest(r, variables, settings, answerRefusal)
  const { now } = request
  if (isApart(limit, now)) return false
  limit.texts[uid.length] ??= settings.frames.sessionTexts(uid.length)
  const body = question(
    limit.texts[uid.length] as readonly string[],
    uid,
    hash,
    variables['request_id'] ?? '',
  )
  r.subrequest(BRIDGE_LOCATION, { body }, (response) => {
    try {
      const standing = standingOf(limit, greeting, response)
      // Ended, or counted without Redis, while Redis was asked.
      if (standing === undefined || isEnded(uid, hash, greeting) || isApart(limit, now)) {
        const known = knownBy(entry)
        const credential = { kind: 'session', uid, hash } as const
        const address = ''
        const candidate = { request, text, credential, known, address, judge: judgeHolder }
        receive<Candidate>(r, { body }, response, takeAnswer, candidate)
        return
      }
      const role = greeting.startsWith('admin', ROLE_AT) ? 'admin' : 'user'
      const identity = { kind: 'session', uid, hash, role, tokenId: '' } as const
      noteRedisAnswer()
      const tookMs = Date.now() - now
      countAdmission(settings.policyNames, tookMs)
      recordQuickly(request, limit, identity, tookMs)
      if (now >= Number(entry.slice(RENEW_FROM, UID))) {
        rememberCredential(text, identity, greeting, request)
      }
      const seconds = Math.ceil(Number(standing[2]) / 1000)
      const state = `${limit.stateStart}${standing[1]};t=${seconds}`
      const rate = { policy: limit.policyHeader, state }
      conclude(request, allow(identity, 'redis', rate, settings.slot))
    } catch (error) {
      concludeFailure(request, error)
    }
  })
  wait(request)
  return true
}

/** Whether the session was ended on this nginx. */
function isEnded(uid: string, hash: string, greeting: string): boolean {
  return tombstones.has(ANY) && isRevoked({ uid, hash }, readHolder(greeting).epoch)
}

/** Whether Redis may not know of a request within the window. */
function isApart({ windowMs }: QuickLimit, now: number): boolean {
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
  limit: QuickLimit,
  greeting: string,
  { status, responseText = '' }: NginxHTTPRequest,
): readonly string[] | undefined {
  const flagAt = WORDS_AT + greeting.length
  if (status !== 200 || !responseText.startsWith(greeting, WORDS_AT)) return undefined
  if (responseText.charAt(flagAt) !== '1') return undefined
  const words = responseText.slice(flagAt + 2, -2).split(' ')
  return words.length === limit.words && words[0] === limit.quota ? words : undefined
}

/** Takes a slot, as recordAdmission does, which has the words for when there is none. */
function recordQuickly(
  { settings, now }: GateRequest,
  { windowMs, policy, slotStart }: QuickLimit,
  identity: Identity,
  tookMs: number,
): void {
  const key = `${slotStart}${identity.uid}#${Math.floor(Math.random() * policy.quota)}`
  try {
    if (slots.add(key, now + windowMs, Math.max(1, windowMs - tookMs))) return
  } catch {
    // Full: recordAdmission notes it.
  }
  recordAdmission(settings.policies, identity, '', '', now)
}
