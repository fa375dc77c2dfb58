/** Session and limits of one request: the cached answer if there is one, else one round trip. */

import type { BoundPolicy } from '../domain/admission.ts'
import { waitMs } from '../domain/admission.ts'
import { allow, type Decision, deny, type Identity } from '../domain/decision.ts'
import { type PolicyState, rateHeaders, seconds } from '../domain/rate-headers.ts'
import { askAdmission } from './admit-script.ts'
import type { GateRequest } from './gate-request.ts'
import { rememberedRefusals, rememberRefusals } from './refusal-cache.ts'
import { cachedSession, isRevoked, rememberSession } from './session-cache.ts'
import { isAuthentic, tokenHash } from './session-mac.ts'

/** Decides about a request that needs a session. */
export async function admitSession(request: GateRequest): Promise<Decision> {
  const { cookie, settings } = request
  if (cookie === undefined || !isAuthentic(cookie, settings.sessionSecrets)) {
    return deny('unauthenticated')
  }
  const uid = cookie.uid
  // For the access log, whatever is decided: an administrator has to see who runs into a limit.
  request.r.variables['gate_logged_user'] = uid
  const hash = tokenHash(cookie.token)
  const subject = settings.subject === 'user' ? `u:${uid}` : request.addressSubject
  const policies = bind(request, subject)
  const refused = rememberedRefusals(policies, request.now)
  if (refused.length > 0) return overLimit(refused)

  if (policies.length === 0) {
    const cached = cachedSession(uid, hash)
    if (cached !== undefined) return admitRole(request, { uid, role: cached.role, session: hash })
  }
  const admission = await askAdmission(request.r, {
    requestId: request.id,
    session: { uid, hash },
    idleSeconds: settings.idleSeconds,
    absoluteSeconds: settings.absoluteSeconds,
    policies,
  })
  if (admission.kind === 'no-session' || admission.role === undefined)
    return deny('unauthenticated')
  if (isRevoked(uid, hash, admission.epoch)) return deny('unauthenticated')
  const { role, epoch, states } = admission
  rememberSession(uid, hash, { role, epoch }, settings.sessionCacheMs)
  if (!admission.admitted) {
    rememberRefusals(policies, states, request.now)
    return overLimit(states)
  }
  return admitRole(request, { uid, role, session: hash }, states)
}

/** Decides about a request that needs no session, by its limits alone. */
export async function admitAnyone(request: GateRequest): Promise<Decision> {
  const policies = bind(request, request.addressSubject)
  const identity = presentedSession(request)
  if (policies.length === 0) return allow(identity)
  const refused = rememberedRefusals(policies, request.now)
  if (refused.length > 0) return overLimit(refused)
  const admission = await askAdmission(request.r, {
    requestId: request.id,
    session: undefined,
    idleSeconds: request.settings.idleSeconds,
    absoluteSeconds: request.settings.absoluteSeconds,
    policies,
  })
  if (admission.kind !== 'answered') return deny('internal')
  if (!admission.admitted) {
    rememberRefusals(policies, admission.states, request.now)
    return overLimit(admission.states)
  }
  return allow(identity, rateHeaders(admission.states))
}

/**
 * Where nobody needs to be signed in (log in, log out) the worker still has to know which session
 * the client brought, to end it. An authentic cookie is enough for that; the least role is given.
 */
function presentedSession({ cookie, settings }: GateRequest): Identity | undefined {
  if (cookie === undefined || !isAuthentic(cookie, settings.sessionSecrets)) return undefined
  return { uid: cookie.uid, role: 'user', session: tokenHash(cookie.token) }
}

function bind(request: GateRequest, subject: string): readonly BoundPolicy[] {
  return request.settings.policies.map((policy) => ({ policy, subject }))
}

function admitRole(
  request: GateRequest,
  identity: Identity,
  states: readonly PolicyState[] = [],
): Decision {
  if (request.settings.adminOnly && identity.role !== 'admin') {
    return deny('admin_only')
  }
  return allow(identity, rateHeaders(states))
}

function overLimit(states: readonly PolicyState[]): Decision {
  const exhausted = states.filter(({ remaining }) => remaining === 0)
  const policy = exhausted[0]?.policy
  return deny('rate_limited', {
    rate: rateHeaders(states),
    details: {
      retryAfter: seconds(waitMs(states)),
      violatedPolicies: exhausted.map((state) => state.policy.name),
      ...(policy && { limit: policy }),
    },
  })
}
