/** Refusals of the quick way: of whoever is known to be over a limit, and of cookies that we did not make. */

import type { Lang } from '../contract/lang.ts'
import { overLimit } from '../domain/over-limit.ts'
import { problemParts } from '../domain/problem-text.ts'
import { decisionTally } from '../domain/tally.ts'
import { UNAUTHENTICATED } from './admit.ts'
import { answerRefusal } from './answer.ts'
import { count } from './counters.ts'
import type { GateSettings } from './gate-settings.ts'
import { timing } from './guard.ts'
import type { QuickLimit } from './quick-terms.ts'
import { PLAIN, REFUSED_UID, UNTIL_DIGITS } from './refusal-cache.ts'

const FORGED = decisionTally('unauthenticated', 'own')

/** Bounds the memory of bodies. */
const MAX_BODIES = 500

/** Bodies of 429 around the request's id, by language, seconds and policy: a pure cache. */
const bodies = new Map<string, readonly string[]>()

/**
 * Refuses a request by a refusal that is remembered (refusal-cache.ts); returns false if it is over by
 * now or not plain.
 */
export function refuseKnown(
  r: NginxHTTPRequest,
  variables: NginxVariables,
  { tellsTiming }: GateSettings,
  limit: QuickLimit,
  entry: string,
): boolean {
  const { policyHeader, stateStart } = limit
  const now = Date.now()
  const wait = Math.ceil((Number(entry.slice(0, UNTIL_DIGITS)) - now) / 1000)
  if (wait <= 0 || entry.charAt(UNTIL_DIGITS) !== PLAIN) return false
  variables['gate_verdict'] = 'rate_limited'
  variables['gate_ratelimit_policy'] = policyHeader
  variables['gate_ratelimit'] = `${stateStart}0;t=${wait}`
  variables['gate_refused_user'] = entry.slice(REFUSED_UID)
  variables['gate_retry_after'] = String(wait)
  if (tellsTiming) variables['gate_timing'] = timing(now, 'memory')
  count(limit.flood)
  const lang = variables['gate_lang'] ?? ''
  const key = `${lang}${wait}${policyHeader}`
  const body = bodies.get(key) ?? addBody(key, lang, limit, wait)
  r.return(429, body.join(variables['request_id']))
  return true
}

/** Refuses a request that brings a session cookie of somebody else's making. */
export function refuseForged(
  r: NginxHTTPRequest,
  variables: NginxVariables,
  { tellsTiming }: GateSettings,
): void {
  variables['gate_verdict'] = 'unauthenticated'
  if (tellsTiming) variables['gate_timing'] = timing(Date.now(), 'own')
  count(FORGED)
  answerRefusal({ r, variables }, UNAUTHENTICATED)
}

function addBody(
  key: string,
  lang: string,
  { policy }: QuickLimit,
  wait: number,
): readonly string[] {
  const state = { policy, quota: policy.quota, remaining: 0, resetMs: wait * 1000 }
  const { details } = overLimit([state], 'memory')
  const parts = problemParts('problem', 'rate_limited', 429, lang as Lang, details)
  if (bodies.size >= MAX_BODIES) bodies.clear()
  bodies.set(key, parts)
  return parts
}
