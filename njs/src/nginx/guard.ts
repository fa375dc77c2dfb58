/**
 * js_access lets a request through when its handler ends without deciding or never ends. So every
 * handler is made by `guard`: whatever is not a clear *allow* in time is a refusal, and identity
 * variables are set on allow only.
 */

import { type Allow, type Decision, type Deny, deny } from '../domain/decision.ts'
import { beginStream } from './active-streams.ts'
import { answerProblem, answerRefusal } from './answer.ts'
import { countDecision } from './counters.ts'
import { type GateRequest, readRequest, requestId } from './gate-request.ts'
import { reportSettingError } from './setting-report.ts'

/** Decides at once where nobody has to be asked. */
type Decide = (request: GateRequest) => Decision | Promise<Decision>

/** How the kind of location answers a refusal: with a problem, a page or a redirect. */
export type Refuse = (request: GateRequest, decision: Deny) => void

/** Applies while the settings, where the deadline is written, cannot be read. */
const DEFAULT_DEADLINE_MS = 1000

/** Seconds after which a client may retry when the gate could not decide in time. */
const RETRY_SECONDS = 2

/** Returns a js_access handler that lets a request through only on `allow`. */
export function guard(
  decide: Decide,
  refuse: Refuse = refuseWithProblem,
): (r: NginxHTTPRequest) => void | Promise<void> {
  return function guarded(r) {
    let request: GateRequest
    try {
      request = readRequest(r)
    } catch (error) {
      reportSettingError(error)
      r.variables['gate_verdict'] = 'internal'
      countDecision('internal', 'own')
      answerProblem(r, 'internal')
      return
    }
    let decision: Decision | Promise<Decision>
    try {
      decision = decide(request)
    } catch (error) {
      decision = failed(request, error)
    }
    if (decision instanceof Promise) return waitAndApply(request, decision, refuse)
    apply(request, decision, refuse)
  }
}

/** Answers with the decision's problem. */
export function refuseWithProblem({ r }: GateRequest, decision: Deny): void {
  answerRefusal(r, decision)
}

async function waitAndApply(
  request: GateRequest,
  decision: Promise<Decision>,
  refuse: Refuse,
): Promise<void> {
  // Stays if the client leaves before the decision.
  request.r.variables['gate_verdict'] = 'pending'
  apply(request, await decideInTime(request, decision), refuse)
}

function apply(request: GateRequest, decision: Decision | undefined, refuse: Refuse): void {
  const clear = isDecision(decision) ? decision : forgotten(request)
  setVariables(request, clear)
  countDecision(clear.kind === 'allow' ? 'allow' : clear.code, clear.source)
  if (clear.kind !== 'allow') refuse(request, clear)
  else if (clear.slot !== '') beginStream(requestId(request))
}

/** Resolves to the decision, or to a refusal when the deadline is over; never rejects. */
function decideInTime(request: GateRequest, decision: Promise<Decision>): Promise<Decision> {
  return new Promise((resolve) => {
    let timer: TimerHandle | undefined = setTimeout(() => {
      // njs 1.0.2 (QuickJS) corrupts its memory when a timer that has fired is cleared.
      timer = undefined
      request.r.error('gate: no decision within the deadline')
      resolve(deny('session_store_unavailable', { details: { retryAfter: RETRY_SECONDS } }))
    }, request.settings.deadlineMs || DEFAULT_DEADLINE_MS)
    const settle = (clear: Decision) => {
      if (timer !== undefined) clearTimeout(timer)
      resolve(clear)
    }
    decision.then(settle, (error: unknown) => settle(failed(request, error)))
  })
}

function isDecision(value: Decision | undefined): value is Decision {
  return value?.kind === 'allow' || value?.kind === 'deny'
}

function forgotten({ r }: GateRequest): Deny {
  r.error('gate: the handler ended without a decision')
  return deny('internal')
}

function failed({ r }: GateRequest, error: unknown): Deny {
  r.error(`gate: ${String(error)}`)
  return deny('internal')
}

function setVariables({ r, now, settings }: GateRequest, decision: Allow | Deny): void {
  const { variables } = r
  variables['gate_verdict'] = decision.kind === 'allow' ? 'allow' : decision.code
  if (decision.rate.policy !== '') {
    variables['gate_ratelimit_policy'] = decision.rate.policy
    variables['gate_ratelimit'] = decision.rate.state
  }
  if (settings.tellsTiming) {
    variables['gate_timing'] = `gate;dur=${Date.now() - now};desc="${decision.source}"`
  }
  if (decision.kind === 'deny') {
    const { retryAfter } = decision.details
    if (retryAfter !== undefined) variables['gate_retry_after'] = String(retryAfter)
    return
  }
  if (decision.identity === undefined) return
  const { uid, role, session, token } = decision.identity
  variables['gate_user'] = uid
  variables['gate_user_role'] = role
  if (session !== '') variables['gate_session'] = session
  if (token !== '') variables['gate_token'] = token
  if (decision.slot !== '') variables['gate_slot'] = decision.slot
}
