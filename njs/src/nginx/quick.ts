/**
 * The quick way: what nearly every request is (somebody known, or nobody; a location without or with
 * one limit per user; a Redis that is well), decided with as few functions and objects as can be. Every
 * nginx request has a script context of its own, whose memory is cold; so what a decision costs is how
 * much of it is touched, and the long way (guards.ts, admit.ts, limits.ts) touches several times as much.
 *
 * What is decided here is what the long way would decide (tests/gateway/quick-way.test.ts). Whatever is
 * not plain goes there, before Redis is asked or with its answer.
 */

import { parseSessionCookie } from '../contract/session.ts'
import { decisionTally } from '../domain/tally.ts'
import { askAbout } from './admit.ts'
import { answerRefusal } from './answer.ts'
import { count } from './counters.ts'
import { ADMIN, FRESH_ROLE, FRESH_UID, freshEpoch } from './credential-cache.ts'
import { proveCookie } from './credentials.ts'
import { gateRequest } from './gate-request.ts'
import type { GateSettings } from './gate-settings.ts'
import { timing, wait } from './guard.ts'
import { askQuickly } from './quick-admission.ts'
import { refuseForged, refuseKnown } from './quick-refusal.ts'
import { UNLIMITED } from './quick-terms.ts'
import { ANY, isRevoked } from './revocations.ts'
import { credentials, fresh, refusals, tombstones } from './zones.ts'

const ALLOWED_FROM_CACHE = decisionTally('allow', 'cache')

/** Decides about a plain request of a browser, or asks Redis about it; false: it has to go the long way. */
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
  if (at < 0 || (at > 0 && header.slice(at - 2, at) !== '; ')) return false
  const end = header.indexOf(';', at)
  const text = header.slice(at + cookieStart.length, end < 0 ? header.length : end)
  const { method } = r
  const acts = method !== 'GET' && method !== 'HEAD'
  if (acts && variables['http_sec_fetch_site'] !== 'same-origin') return false
  if (quick !== UNLIMITED) {
    const refusal = refusals.get(settings.refusalStart + text)
    if (refusal !== undefined) return refuseKnown(r, variables, settings, quick, refusal)
    const entry = credentials.get(text)
    return entry === undefined
      ? takeUnknown(r, variables, settings, text)
      : askQuickly(r, variables, settings, quick, text, entry)
  }
  const holder = fresh.get(text)
  if (holder === undefined) {
    return credentials.has(text) ? false : takeUnknown(r, variables, settings, text)
  }
  const uid = holder.slice(FRESH_UID)
  const hash = holder.slice(0, FRESH_ROLE)
  if (tombstones.has(ANY) && isRevoked({ uid, hash }, freshEpoch(holder))) return false
  variables['gate_verdict'] = 'allow'
  variables['gate_user'] = uid
  variables['gate_user_role'] = holder.charAt(FRESH_ROLE) === ADMIN ? 'admin' : 'user'
  variables['gate_session'] = hash
  if (settings.tellsTiming) variables['gate_timing'] = timing(Date.now(), 'cache')
  count(ALLOWED_FROM_CACHE)
  return true
}

/** Refuses a cookie that we did not make; asks Redis about one that we did. */
function takeUnknown(
  r: NginxHTTPRequest,
  variables: NginxVariables,
  settings: GateSettings,
  text: string,
): boolean {
  // What is not whole may only have a blank too many.
  const cookie = text.startsWith(' ') ? undefined : parseSessionCookie(text)
  if (cookie === undefined) return false
  const credential = proveCookie(cookie, settings)
  if (credential === undefined) {
    refuseForged(r, variables, settings)
    return true
  }
  const request = gateRequest(r, variables, settings, answerRefusal)
  askAbout(request, text, credential)
  wait(request)
  return true
}
