/** Who may pass: credential and limits of one request, from memory if possible, else by one round trip. */

import { readHolder } from '../domain/admission.ts'
import type { Credential } from '../domain/credential.ts'
import {
  allow,
  type Decision,
  type Deny,
  deny,
  type Identity,
  type RateHeaders,
  type Source,
} from '../domain/decision.ts'
import type { Asked, Candidate } from './candidate.ts'
import {
  forgetCredential,
  identityOf,
  type KnownCredential,
  recallCredential,
  rememberCredential,
} from './credential-cache.ts'
import { proveSession, proveToken, sessionText, tokenText } from './credentials.ts'
import { clientSubject, type GateRequest } from './gate-request.ts'
import { conclude, concludeFailure, LATER } from './guard.ts'
import { askRedis, knownRefusal, limitLocally } from './limits.ts'
import { isAnythingRevoked, isRevoked } from './revocations.ts'
import { isUnknownToken, loadToken } from './unknown-tokens.ts'

type Admitting = Decision | typeof LATER

/** Seconds after which a client may try again when a credential cannot be checked. */
const RETRY_SECONDS = 2

/** Made once: what is refused a thousand times a second is answered from memory. */
export const UNAUTHENTICATED = deny('unauthenticated')
const INVALID_TOKEN = deny('invalid_token')

/**
 * Returns the refusal of a request whose sender is known to be over the location's limits, else
 * undefined. Asked before anything else, because a flood should cost as little as it can.
 * @param text the credential as it was sent, if there is one
 */
export function refuseKnown(request: GateRequest, text: string | undefined): Deny | undefined {
  if (text === undefined || request.settings.policies.length === 0) return undefined
  return knownRefusal(request, text)
}

/**
 * Decides about a request that needs a session.
 * @param text the session cookie as it was sent
 */
export function admitSession(request: GateRequest, text: string | undefined): Admitting {
  if (text === undefined) return UNAUTHENTICATED
  const known = recallCredential(text)
  if (known?.kind === 'session') return admitKnown(request, text, known)
  const credential = proveSession(request, text)
  return credential === undefined ? UNAUTHENTICATED : askAbout(request, text, credential)
}

/** Decides about a request that needs an access token. */
export function admitToken(request: GateRequest): Admitting {
  const text = tokenText(request)
  if (text === undefined) return INVALID_TOKEN
  const refusal = refuseKnown(request, text)
  if (refusal !== undefined) return refusal
  const known = recallCredential(text)
  if (known?.kind === 'token') return admitKnown(request, text, known)
  const credential = proveToken(request, text)
  if (credential === undefined || isUnknownToken(credential)) return INVALID_TOKEN
  return askAbout(request, text, credential)
}

/** Decides about a request that needs nobody to be signed in, by its limits alone. */
export function admitAnyone(request: GateRequest): Admitting {
  if (request.settings.policies.length === 0) return allow(broughtSession(request))
  const refusal = knownRefusal(request, '')
  if (refusal !== undefined) return refusal
  askRedis({
    request,
    text: '',
    credential: undefined,
    known: undefined,
    address: clientSubject(request),
    judge: judgeAnyone,
  })
  return LATER
}

/** Log in and log out still have to know which session the client brought, to end it. */
function broughtSession(request: GateRequest): Identity | undefined {
  const text = sessionText(request)
  if (text === undefined) return undefined
  const known = recallCredential(text)
  const credential = known?.kind === 'session' ? known : proveSession(request, text)
  return credential && { ...credential, role: 'user', tokenId: '' }
}

function judgeAnyone(candidate: Candidate, asked: Asked): void {
  conclude(candidate.request, decideAnyone(candidate, asked))
}

function decideAnyone(candidate: Candidate, asked: Asked): Decision {
  switch (asked.kind) {
    case 'refused':
      return asked.refusal
    case 'admitted':
      return allow(broughtSession(candidate.request), 'redis', asked.rate)
    case 'away': {
      const local = limitLocally(candidate)
      return 'kind' in local ? local : allow(broughtSession(candidate.request), 'local', local)
    }
    default:
      return deny('internal')
  }
}

function admitKnown(request: GateRequest, text: string, known: KnownCredential): Admitting {
  const { settings } = request
  if (settings.policies.length > 0 || request.now >= known.freshUntilMs) {
    return askAbout(request, text, known, known)
  }
  return settings.adminOnly && known.role !== 'admin' ? refuseRole(known, 'cache') : known.allowed
}

/**
 * Asks Redis about a credential that is authentic.
 * @param known the same, if it was good a while ago
 */
export function askAbout(
  request: GateRequest,
  text: string,
  credential: Credential,
  known?: KnownCredential,
): typeof LATER {
  const address = request.settings.countsAddress ? clientSubject(request) : ''
  askRedis({ request, text, credential, known, address, judge: judgeHolder })
  return LATER
}

/** Decides about the holder of a session or token once it is known what Redis says. */
export function judgeHolder(candidate: Candidate, asked: Asked): void {
  const credential = candidate.credential as Credential
  if (asked.kind === 'miss' && credential.kind === 'token') loadAndAsk(candidate, credential)
  else conclude(candidate.request, decideHolder(candidate, credential, asked))
}

/** Has the worker put a token into Redis that is not there, and asks once more. */
async function loadAndAsk(candidate: Candidate, credential: Credential): Promise<void> {
  const { request } = candidate
  try {
    const loaded = await loadToken(request.r, credential)
    if (loaded === 'unavailable') conclude(request, unavailable('storage_unavailable', credential))
    else if (loaded === 'unknown') conclude(request, INVALID_TOKEN)
    else askRedis({ ...candidate, judge: judgeLoaded })
  } catch (error) {
    concludeFailure(request, error)
  }
}

function judgeLoaded(candidate: Candidate, asked: Asked): void {
  const credential = candidate.credential as Credential
  // The worker knows it and Redis has lost it again: not the client's fault.
  const decision =
    asked.kind === 'miss'
      ? unavailable('storage_unavailable', credential)
      : decideHolder(candidate, credential, asked)
  conclude(candidate.request, decision)
}

function decideHolder(candidate: Candidate, credential: Credential, asked: Asked): Decision {
  const { request, text, known } = candidate
  if (asked.kind === 'away') return decideWithoutRedis(candidate, credential)
  if (asked.kind === 'none' || asked.kind === 'miss') {
    // Or it would be good again as soon as Redis goes away.
    forgetCredential(text)
    return refuseCredential(credential)
  }
  const { holder } = asked
  // Refused by the count beside Redis, which was not asked then.
  if (holder === undefined) return asked.kind === 'refused' ? asked.refusal : deny('internal')
  // Revoked while Redis was asked.
  if (isAnythingRevoked() && isRevoked(credential, readHolder(holder).epoch)) {
    return refuseCredential(credential)
  }
  const isSame = known !== undefined && known.greeting === holder
  const identity = isSame ? known : identityOf(credential, holder)
  if (!isSame || request.now >= known.renewFromMs) {
    rememberCredential(text, credential, holder, request)
  }
  if (asked.kind === 'refused') return asked.refusal
  return admitRole(request, identity, 'redis', asked.rate)
}

/** Nobody is let in who was not a moment ago, and nobody with an administrator's rights. */
function decideWithoutRedis(candidate: Candidate, credential: Credential): Decision {
  const { request, known } = candidate
  // Of an unknown credential the epoch is unknown too, but it may be the very one that was ended.
  const epoch = known === undefined ? Number.POSITIVE_INFINITY : readHolder(known.greeting).epoch
  if (isRevoked(credential, epoch)) return refuseCredential(credential)
  if (known === undefined || request.settings.adminOnly) {
    return unavailable('session_store_unavailable', credential)
  }
  const local = limitLocally(candidate)
  return 'kind' in local ? local : admitRole(request, known, 'stale', local)
}

function unavailable(
  code: 'session_store_unavailable' | 'storage_unavailable',
  { uid }: Credential,
): Deny {
  return deny(code, { uid, details: { retryAfter: RETRY_SECONDS } })
}

function refuseCredential({ kind, uid }: Credential): Deny {
  return deny(kind === 'session' ? 'unauthenticated' : 'invalid_token', { source: 'redis', uid })
}

function refuseRole({ uid }: Credential, source: Source): Deny {
  return deny('admin_only', { source, uid })
}

function admitRole(
  { settings }: GateRequest,
  identity: Identity,
  source: Source,
  rate: RateHeaders,
): Decision {
  if (settings.adminOnly && identity.role !== 'admin') return refuseRole(identity, source)
  // Without Redis, too: it then learns of the running answer by the first renewal after its return.
  return allow(identity, source, rate, settings.slot)
}
