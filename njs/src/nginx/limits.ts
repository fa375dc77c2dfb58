/**
 * The limits of one request: by Redis in one round trip, beside it by this nginx's own count while
 * the two may disagree, and by that count alone while Redis is away.
 */

import {
  type Admission,
  admittedHeaders,
  isPlain,
  readHolder,
  readStates,
} from '../domain/admission.ts'
import { applyOwnLimits, type BoundPolicy, bindPolicies } from '../domain/bound-policy.ts'
import { type Deny, deny, type RateHeaders, type Source } from '../domain/decision.ts'
import { stricterStates } from '../domain/local-slots.ts'
import { overLimit } from '../domain/over-limit.ts'
import { type PolicyState, rateHeaders } from '../domain/rate-headers.ts'
import type { Reply } from '../domain/resp-decode.ts'
import type { Asked, Candidate } from './candidate.ts'
import { countAdmission, countAdmittedLocally, countRedisCall, countRefused } from './counters.ts'
import { clientSubject, type GateRequest } from './gate-request.ts'
import { concludeFailure } from './guard.ts'
import { countLocally, isSettling, recordAdmission, uncountLocally } from './local-count.ts'
import { RedisUnavailable } from './redis.ts'
import { askAdmission, readAnswer } from './redis-admission.ts'
import { isCountIncomplete, isRedisAway, noteCountsApart } from './redis-state.ts'
import { rememberedRefusal, rememberRefusal } from './refusal-cache.ts'

/** Seconds after which a client may try again when limits cannot be counted. */
const RETRY_SECONDS = 2

const AWAY: Asked = { kind: 'away' }

/**
 * Returns the refusal of a sender known to be over a limit, else undefined.
 * @param text the credential as it was sent, or empty
 */
export function knownRefusal(request: GateRequest, text: string): Deny | undefined {
  const { settings } = request
  const sender = text === '' || settings.countsAddress ? senderOf(request, text) : text
  const known = rememberedRefusal(settings, sender, request.now)
  if (known === undefined) return undefined
  const { policies } = known
  for (let index = 0; index < policies.length; index++) {
    countRefused(policies[index] as string, 'memory')
  }
  return known.refusal
}

/** Asks Redis about credential and limits; the candidate's `judge` is called once. */
export function askRedis(candidate: Candidate): void {
  if (isRedisAway()) {
    candidate.judge(candidate, AWAY)
    return
  }
  const { request, known, credential } = candidate
  // Whether somebody unknown has limits of his own only Redis knows.
  if (known !== undefined || credential === undefined) {
    if (isSettling(request.settings.policies, request.now)) {
      const limits = known === undefined ? '' : known.limits
      candidate.beside = countLocally(ownPolicies(candidate, limits), request.now)
      if (candidate.beside?.admitted === false) {
        candidate.judge(candidate, refused(candidate, undefined, candidate.beside.states, 'local'))
        return
      }
    }
  }
  askAdmission(candidate, takeAnswer)
}

/** Takes Redis' answer about a candidate, whose `judge` is called once. */
export function takeAnswer(candidate: Candidate, reply: Reply | RedisUnavailable): void {
  const { request } = candidate
  try {
    const answer = readAnswer(candidate, reply, takeAnswer)
    if (answer !== undefined) candidate.judge(candidate, ruleOf(candidate, answer))
  } catch (error) {
    concludeFailure(request, error)
  }
}

function ruleOf(candidate: Candidate, answer: Admission | RedisUnavailable): Asked {
  if (!(answer instanceof RedisUnavailable) && answer.kind === 'answered' && answer.admitted) {
    return admitted(candidate, answer.holder, answer.standing)
  }
  const { request, beside } = candidate
  if (beside !== undefined) uncountLocally(beside)
  if (answer instanceof RedisUnavailable) return AWAY
  countRedisCall('answered', Date.now() - request.now)
  if (answer.kind !== 'answered') return answer
  const states = readStates(request.settings.policies, answer.standing)
  return refused(candidate, answer.holder, states, 'redis')
}

function admitted(candidate: Candidate, holder: string, standing: string): Asked {
  const { request, credential, address } = candidate
  const { settings, now } = request
  const { policies } = settings
  countAdmission(settings.policyNames, Date.now() - now)
  if (policies.length === 0)
    return { kind: 'admitted', holder, rate: admittedHeaders(policies, '') }
  const limits = credential === undefined || isPlain(holder) ? '' : readHolder(holder).limits
  let { beside } = candidate
  // While Redis was asked somebody may have been admitted without it.
  if (beside === undefined && isSettling(policies, now)) {
    beside = countLocally(ownPolicies(candidate, limits), now)
    if (beside?.admitted === false) return refused(candidate, holder, beside.states, 'local')
  }
  if (beside !== undefined) {
    const states = stricterStates(readStates(policies, standing), beside.states)
    return { kind: 'admitted', holder, rate: rateHeaders(states) }
  }
  recordAdmission(policies, credential, address, limits, now)
  return { kind: 'admitted', holder, rate: admittedHeaders(policies, standing) }
}

/**
 * Decides about the limits without Redis. Returns the rate headers if the request may pass, else the
 * refusal.
 */
export function limitLocally(candidate: Candidate): RateHeaders | Deny {
  const { request, known, credential } = candidate
  const { now, settings } = request
  if (settings.policies.length === 0) return rateHeaders([])
  const mayCount = settings.countsLocally && !isCountIncomplete(now)
  const local = mayCount
    ? countLocally(ownPolicies(candidate, known?.limits ?? ''), now)
    : undefined
  if (local === undefined) {
    return deny('limits_unavailable', {
      source: 'local',
      uid: credential?.uid ?? '',
      details: { retryAfter: RETRY_SECONDS },
    })
  }
  if (!local.admitted) return refuse(candidate, local.states, 'local')
  noteCountsApart(now)
  for (const { policy } of local.states) countAdmittedLocally(policy.name)
  return rateHeaders(local.states)
}

function ownPolicies(
  { request, credential, address }: Candidate,
  limits: string,
): readonly BoundPolicy[] {
  return applyOwnLimits(bindPolicies(request.settings.policies, credential, address), limits)
}

function refused(
  candidate: Candidate,
  holder: string | undefined,
  states: readonly PolicyState[],
  source: Source,
): Asked {
  return { kind: 'refused', holder, refusal: refuse(candidate, states, source) }
}

function refuse(
  { request, credential, text }: Candidate,
  states: readonly PolicyState[],
  source: Source,
): Deny {
  const uid = credential?.uid ?? ''
  rememberRefusal(request.settings, senderOf(request, text), uid, states, request.now)
  for (const { policy, remaining } of states) {
    if (remaining === 0) countRefused(policy.name, source)
  }
  return overLimit(states, source, uid)
}

/**
 * Returns by what a request is found again if it is refused: what the client sends, and its address
 * where that is counted too.
 */
function senderOf(request: GateRequest, text: string): string {
  if (text === '') return clientSubject(request)
  return request.settings.countsAddress ? `${text} ${clientSubject(request)}` : text
}
