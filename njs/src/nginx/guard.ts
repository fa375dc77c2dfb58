/**
 * js_access lets a request through when its handler ends without deciding or never ends. So every
 * handler is made by `guard`: whatever is not a clear *allow* in time is a refusal, and identity
 * variables are set on allow only.
 */

import { type Allow, type Decision, type Deny, deny } from '../domain/decision.ts'
import { answerProblem } from './answer.ts'
import { type GateRequest, readRequest } from './gate-request.ts'
import { RedisUnavailable } from './redis.ts'

type Decide = (request: GateRequest) => Promise<Decision>

/** How the kind of location answers a refusal: with a problem, a page or a redirect. */
export type Refuse = (request: GateRequest, decision: Deny) => void

/** Applies while the settings, where the deadline is written, cannot be read. */
const DEFAULT_DEADLINE_MS = 1000

/** Seconds after which a client may retry when Redis or the gate itself failed. */
const RETRY_SECONDS = 2

/** Returns a js_access handler that lets a request through only on `allow`. */
export function guard(
  decide: Decide,
  refuse: Refuse = refuseWithProblem,
): (r: NginxHTTPRequest) => Promise<void> {
  return async function guarded(r) {
    let request: GateRequest
    try {
      request = readRequest(r)
    } catch (error) {
      r.error(`gate: ${String(error)}`)
      r.variables['gate_verdict'] = 'internal'
      answerProblem(r, 'internal')
      return
    }
    // Stays if the client leaves before the decision.
    r.variables['gate_verdict'] = 'pending'
    const decision = await decideInTime(request, decide)
    setVariables(r, decision)
    if (decision.kind !== 'allow') refuse(request, decision)
  }
}

/** Answers with the decision's problem. */
export function refuseWithProblem({ r }: GateRequest, { code, details }: Deny): void {
  answerProblem(r, code, details)
}

async function decideInTime(request: GateRequest, decide: Decide): Promise<Decision> {
  let timer: TimerHandle | undefined
  const late = new Promise<Decision>((resolve) => {
    timer = setTimeout(() => {
      // njs 1.0.2 (QuickJS) corrupts its memory when a timer that has fired is cleared.
      timer = undefined
      request.r.error('gate: no decision within the deadline')
      resolve(unavailable())
    }, request.settings.deadlineMs || DEFAULT_DEADLINE_MS)
  })
  try {
    const decision = await Promise.race([decide(request), late])
    return isDecision(decision) ? decision : forgotten(request)
  } catch (error) {
    return failed(request, error)
  } finally {
    if (timer !== undefined) clearTimeout(timer)
  }
}

function isDecision(value: Decision | undefined): value is Decision {
  return value?.kind === 'allow' || value?.kind === 'deny'
}

function forgotten({ r }: GateRequest): Deny {
  r.error('gate: the handler ended without a decision')
  return deny('internal')
}

function failed({ r }: GateRequest, error: unknown): Deny {
  if (error instanceof RedisUnavailable) {
    r.warn(`gate: ${error.message}`)
    return unavailable()
  }
  r.error(`gate: ${String(error)}`)
  return deny('internal')
}

function unavailable(): Deny {
  return deny('session_store_unavailable', { details: { retryAfter: RETRY_SECONDS } })
}

function setVariables(r: NginxHTTPRequest, decision: Allow | Deny): void {
  const { variables } = r
  variables['gate_verdict'] = decision.kind === 'allow' ? 'allow' : decision.code
  variables['gate_ratelimit_policy'] = decision.rate.policy
  variables['gate_ratelimit'] = decision.rate.state
  if (decision.kind === 'allow' && decision.identity !== undefined) {
    variables['gate_logged_user'] = decision.identity.uid
    variables['gate_user'] = decision.identity.uid
    variables['gate_user_role'] = decision.identity.role
    variables['gate_session'] = decision.identity.session
  }
}
