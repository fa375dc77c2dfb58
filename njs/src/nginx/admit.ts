/** Who may pass: credential and limits of one request, from memory if possible, else by one round trip. */

import type { Credential } from '../domain/credential.ts'
import {
  allow,
  type Decision,
  type Deny,
  deny,
  type Identity,
  type Source,
} from '../domain/decision.ts'
import { type PolicyState, rateHeaders } from '../domain/rate-headers.ts'
import { forgetCredential, rememberCredential } from './credential-cache.ts'
import {
  type PresentedCredential,
  proveSession,
  proveToken,
  sessionText,
  tokenText,
} from './credentials.ts'
import type { GateRequest } from './gate-request.ts'
import {
  type Asked,
  askRedis,
  knownRefusal,
  type LimitedRequest,
  limitedRequest,
  limitLocally,
  senderOf,
} from './limits.ts'
import { isRevoked } from './revocations.ts'
import { isUnknownToken, loadToken } from './unknown-tokens.ts'

const NO_STATES: readonly PolicyState[] = []

type Admitting = Decision | Promise<Decision>

/** Seconds after which a client may try again when a credential cannot be checked. */
const RETRY_SECONDS = 2

/** Made once: what is refused a thousand times a second is answered from memory. */
const UNAUTHENTICATED = deny('unauthenticated')
const INVALID_TOKEN = deny('invalid_token')

/**
 * Returns the refusal of a request whose sender is known to be over the location's limits, else
 * undefined. Asked before anything else, because a flood should cost as little as it can.
 * @param text the credential as it was sent, if there is one
 */
export function refuseKnown(request: GateRequest, text: string | undefined): Deny | undefined {
  if (request.settings.policies.length === 0 || text === undefined) return undefined
  return knownRefusal(request, senderOf(request, text))
}

/**
 * Decides about a request that needs a session.
 * @param text the session cookie as it was sent
 */
export function admitSession(request: GateRequest, text: string | undefined): Admitting {
  if (text === undefined) return UNAUTHENTICATED
  const presented = proveSession(request, text)
  return presented === undefined ? UNAUTHENTICATED : admitHolder(request, presented)
}

/** Decides about a request that needs an access token. */
export function admitToken(request: GateRequest): Admitting {
  const text = tokenText(request)
  if (text === undefined) return INVALID_TOKEN
  const refusal = refuseKnown(request, text)
  if (refusal !== undefined) return refusal
  const presented = proveToken(request, text)
  if (presented === undefined || isUnknownToken(presented.credential)) return INVALID_TOKEN
  return admitHolder(request, presented)
}

/** Decides about a request that needs nobody to be signed in, by its limits alone. */
export function admitAnyone(request: GateRequest): Admitting {
  // Log in and log out still have to know which session the client brought, to end it.
  const text = sessionText(request)
  const credential = text === undefined ? undefined : proveSession(request, text)?.credential
  const identity = credential && identityOf(credential, 'user', '')
  if (request.settings.policies.length === 0) return allow(identity)
  const sender = senderOf(request, '')
  return knownRefusal(request, sender) ?? admitByLimits(request, sender, identity)
}

async function admitByLimits(
  request: GateRequest,
  sender: string,
  identity: Identity | undefined,
): Promise<Decision> {
  const limited = limitedRequest(request, undefined, sender)
  const asked = await askRedis(limited, '')
  if (asked.kind === 'refused') return asked.refusal
  if (asked.kind === 'away') {
    const local = limitLocally(limited, '')
    if ('kind' in local) return local
    return allow(identity, { source: 'local', rate: rateHeaders(local.states) })
  }
  const { admission, refusal } = asked
  if (refusal !== undefined) return refusal
  if (admission.kind !== 'answered') return deny('internal')
  return allow(identity, { source: 'redis', rate: rateHeaders(admission.states) })
}

function admitHolder(request: GateRequest, presented: PresentedCredential): Admitting {
  const { known } = presented
  const { r, now, settings } = request
  if (settings.policies.length === 0 && known !== undefined && now < known.freshUntilMs) {
    return admitRole(request, known.identity, 'cache', NO_STATES)
  }
  // For the access log, should it be refused: an administrator has to see who runs into a limit.
  r.variables['gate_refused_user'] = presented.credential.uid
  return admitByRedis(request, presented)
}

async function admitByRedis(
  request: GateRequest,
  presented: PresentedCredential,
): Promise<Decision> {
  const { text, credential, known } = presented
  const limited = limitedRequest(request, credential, senderOf(request, text))
  const ownLimits = known?.holder.limits
  let asked = await askRedis(limited, ownLimits)
  if (isMiss(asked) && credential.kind === 'token') {
    const loaded = await loadToken(request.r, credential)
    if (loaded === 'unavailable') return unavailable('storage_unavailable')
    if (loaded === 'unknown') return INVALID_TOKEN
    asked = await askRedis(limited, ownLimits)
    // The worker knows it and Redis has lost it again: not the client's fault.
    if (isMiss(asked)) return unavailable('storage_unavailable')
  }
  if (asked.kind === 'refused') return asked.refusal
  if (asked.kind === 'away') return admitWithoutRedis(limited, presented)
  return admitAnswered(request, presented, asked)
}

function admitAnswered(
  request: GateRequest,
  { text, credential }: PresentedCredential,
  { admission, refusal }: Extract<Asked, { kind: 'admission' }>,
): Decision {
  if (admission.kind !== 'answered' || admission.holder === undefined) {
    // Or it would be good again as soon as Redis goes away.
    forgetCredential(text)
    return refuseCredential(credential)
  }
  const { holder, states } = admission
  // Revoked while Redis was asked.
  if (isRevoked(credential, holder.epoch)) return refuseCredential(credential)
  const { freshMs, staleMs } = request.settings
  rememberCredential(text, credential, holder, request.now, freshMs, staleMs)
  const identity = identityOf(credential, holder.role, holder.tokenId)
  return refusal ?? admitRole(request, identity, 'redis', states)
}

/** Nobody is let in who was not a moment ago, and nobody with an administrator's rights. */
function admitWithoutRedis(
  limited: LimitedRequest,
  { credential, known }: PresentedCredential,
): Decision {
  const { request } = limited
  // Of an unknown credential the epoch is unknown too, but it may be the very one that was ended.
  if (isRevoked(credential, known?.holder.epoch ?? Number.POSITIVE_INFINITY)) {
    return refuseCredential(credential)
  }
  if (known === undefined || request.settings.adminOnly) {
    return unavailable('session_store_unavailable')
  }
  const local = limitLocally(limited, known.holder.limits)
  if ('kind' in local) return local
  return admitRole(request, known.identity, 'stale', local.states)
}

function isMiss(asked: Asked): boolean {
  return asked.kind === 'admission' && asked.admission.kind === 'miss'
}

function unavailable(code: 'session_store_unavailable' | 'storage_unavailable'): Deny {
  return deny(code, { details: { retryAfter: RETRY_SECONDS } })
}

function refuseCredential({ kind }: Credential): Deny {
  return deny(kind === 'session' ? 'unauthenticated' : 'invalid_token', { source: 'redis' })
}

function admitRole(
  { r, settings }: GateRequest,
  identity: Identity,
  source: Source,
  states: readonly PolicyState[],
): Decision {
  const { adminOnly, policies } = settings
  if (adminOnly && identity.role !== 'admin') {
    r.variables['gate_refused_user'] = identity.uid
    return deny('admin_only', { source })
  }
  if (policies.length === 0) return allow(identity, { source })
  // Without Redis, too: it then learns of the running answer by the first renewal after its return.
  const slot = policies.find(({ policy }) => policy.kind === 'concurrent')?.policy.name ?? ''
  return allow(identity, { source, rate: rateHeaders(states), slot })
}

function identityOf(
  { kind, uid, hash }: Credential,
  role: Identity['role'],
  token: string,
): Identity {
  return { uid, role, session: kind === 'session' ? hash : '', token }
}
