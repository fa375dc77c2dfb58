/**
 * The limits of one request: by Redis in one round trip, beside it by this nginx's own count while
 * the two may disagree, and by that count alone while Redis is away.
 */

import type { Admission } from '../domain/admission.ts'
import { applyOwnLimits, type BoundPolicy, bindPolicies } from '../domain/bound-policy.ts'
import type { Credential } from '../domain/credential.ts'
import type { Deny, Source } from '../domain/decision.ts'
import { deny } from '../domain/decision.ts'
import { stricterStates } from '../domain/local-slots.ts'
import { overLimit } from '../domain/over-limit.ts'
import type { PolicyState } from '../domain/rate-headers.ts'
import { countPolicy } from './counters.ts'
import { clientSubject, type GateRequest, requestId } from './gate-request.ts'
import { countLocally, isSettling, recordAdmission, uncountLocally } from './local-count.ts'
import { RedisUnavailable } from './redis.ts'
import { askAdmission } from './redis-admission.ts'
import { isCountIncomplete, isRedisAway, noteCountsApart } from './redis-state.ts'
import { rememberedRefusal, rememberRefusal } from './refusal-cache.ts'

/** Seconds after which a client may try again when limits cannot be counted. */
const RETRY_SECONDS = 2

const NONE: readonly BoundPolicy[] = []

/** A request and what its location counts. */
export interface LimitedRequest {
  readonly request: GateRequest
  readonly credential: Credential | undefined
  /** By which a refusal of this request is found again. */
  readonly sender: string
  readonly policies: readonly BoundPolicy[]
}

/** Returns the request with the location's policies bound to it. */
export function limitedRequest(
  request: GateRequest,
  credential: Credential | undefined,
  sender: string,
): LimitedRequest {
  const { policies } = request.settings
  const bound =
    policies.length === 0 ? NONE : bindPolicies(policies, credential, () => clientSubject(request))
  return { request, credential, sender, policies: bound }
}

/**
 * Returns by what the request is found again if it is refused: what the client sends, and its address
 * where that is counted too.
 * @param text the credential as it was sent, or empty
 */
export function senderOf(request: GateRequest, text: string): string {
  if (text === '') return clientSubject(request)
  return request.settings.countsAddress ? `${text} ${clientSubject(request)}` : text
}

/** Returns the refusal of a sender known to be over a limit, else undefined. */
export function knownRefusal(request: GateRequest, sender: string): Deny | undefined {
  const { r, settings, now } = request
  const known = rememberedRefusal(settings, sender, now)
  if (known === undefined) return undefined
  if (known.uid !== '') r.variables['gate_refused_user'] = known.uid
  for (const name of known.policies) countPolicy(name, 'refused', 'memory')
  return known.refusal
}

/** What Redis said, that the count beside it refuses, or that Redis could not be asked. */
export type Asked =
  | {
      readonly kind: 'admission'
      readonly admission: Admission
      /** Set if the credential may be good and a limit is exhausted. */
      readonly refusal?: Deny
    }
  | { readonly kind: 'refused'; readonly refusal: Deny }
  | { readonly kind: 'away' }

/**
 * Asks Redis about credential and limits.
 * @param ownLimits the user's own limits; undefined if only Redis knows them
 */
export async function askRedis(
  limited: LimitedRequest,
  ownLimits: string | undefined,
): Promise<Asked> {
  const { request, credential, policies } = limited
  const { r, now, settings } = request
  if (isRedisAway()) return { kind: 'away' }
  let beside =
    ownLimits !== undefined && isSettling(policies, now)
      ? countLocally(applyOwnLimits(policies, ownLimits), now)
      : undefined
  if (beside?.admitted === false) return refused(limited, beside.states)
  try {
    const { idleSeconds, absoluteSeconds } = settings
    const id = requestId(request)
    const question = { requestId: id, credential, idleSeconds, absoluteSeconds, policies }
    const last = settings.lastWords[credential?.kind ?? 'nobody']
    const admission = await askAdmission(r, question, last)
    if (admission.kind !== 'answered' || !admission.admitted) {
      if (beside !== undefined) uncountLocally(beside, now)
      if (admission.kind !== 'answered') return { kind: 'admission', admission }
      return {
        kind: 'admission',
        admission,
        refusal: refuse(limited, admission.states, 'redis'),
      }
    }
    // While Redis was asked somebody may have been admitted without it.
    if (beside === undefined && isSettling(policies, now)) {
      beside = countLocally(applyOwnLimits(policies, admission.holder?.limits ?? ''), now)
      if (beside?.admitted === false) return refused(limited, beside.states)
    }
    if (beside === undefined) recordAdmission(policies, admission.states, now)
    countAdmission(admission.states, 'redis')
    if (beside === undefined) return { kind: 'admission', admission }
    const states = stricterStates(admission.states, beside.states)
    return { kind: 'admission', admission: { ...admission, states } }
  } catch (error) {
    if (beside !== undefined) uncountLocally(beside, now)
    if (!(error instanceof RedisUnavailable)) throw error
    return { kind: 'away' }
  }
}

/**
 * Decides about the limits without Redis. Returns the states if the request may pass, else the refusal.
 */
export function limitLocally(
  limited: LimitedRequest,
  ownLimits: string,
): { readonly states: readonly PolicyState[] } | Deny {
  const { request, policies } = limited
  const { now, settings } = request
  if (policies.length === 0) return { states: [] }
  const mayCount = settings.countsLocally && !isCountIncomplete(now)
  const local = mayCount ? countLocally(applyOwnLimits(policies, ownLimits), now) : undefined
  if (local === undefined) {
    return deny('limits_unavailable', { source: 'local', details: { retryAfter: RETRY_SECONDS } })
  }
  if (!local.admitted) return refuse(limited, local.states, 'local')
  noteCountsApart(now)
  countAdmission(local.states, 'local')
  return { states: local.states }
}

function refused(limited: LimitedRequest, states: readonly PolicyState[]): Asked {
  return { kind: 'refused', refusal: refuse(limited, states, 'local') }
}

function refuse(
  { request, credential, sender }: LimitedRequest,
  states: readonly PolicyState[],
  source: Source,
): Deny {
  rememberRefusal(request.settings, sender, credential?.uid ?? '', states, request.now)
  for (const { policy, remaining } of states) {
    if (remaining === 0) countPolicy(policy.name, 'refused', source)
  }
  return overLimit(states, source)
}

function countAdmission(states: readonly PolicyState[], source: Source): void {
  for (let index = 0; index < states.length; index++) {
    countPolicy((states[index] as PolicyState).policy.name, 'admitted', source)
  }
}
