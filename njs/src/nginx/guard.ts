/**
 * js_access lets a request through when its handler ends without deciding or never ends. So every
 * handler is made by `guard`: whatever is not a clear *allow* in time is a refusal, and identity
 * variables are set on allow only.
 */

import { problemStatus } from '../contract/problem.ts'
import { type Allow, type Decision, type Deny, deny, type Source } from '../domain/decision.ts'
import { beginStream } from './active-streams.ts'
import { answerProblem, answerRefusal } from './answer.ts'
import { countDecision } from './counters.ts'
import { type GateRequest, gateRequest, type Refuse } from './gate-request.ts'
import { type GateSettings, readSettings } from './gate-settings.ts'
import { reportSettingError } from './setting-report.ts'

/** What a handler returns that has to ask somebody first; it ends with `conclude`. */
export const LATER = 'later'

/** Decides at once where nobody has to be asked. */
type Decide = (request: GateRequest) => Decision | typeof LATER

/** Applies while the settings, where the deadline is written, cannot be read. */
const DEFAULT_DEADLINE_MS = 1000

/** Seconds after which a client may retry when the gate could not decide in time. */
const RETRY_SECONDS = 2

/**
 * Takes a request that is plain: lets it through, or begins to ask and sees to it that it is concluded.
 * Returns false if it is not plain, and has done nothing then.
 */
type Quick = (r: NginxHTTPRequest, variables: NginxVariables, settings: GateSettings) => boolean

/** Returns a js_access handler that lets a request through only on `allow`. */
export function guard(
  decide: Decide,
  refuse: Refuse = answerRefusal,
  quick: Quick = isNever,
): (r: NginxHTTPRequest) => void {
  return function guarded(r) {
    const { variables } = r
    let settings: GateSettings
    try {
      settings = readSettings(variables)
    } catch (error) {
      reportSettingError(error)
      refuseUnread(r)
      return
    }
    let request: GateRequest | undefined
    let decision: Decision | typeof LATER
    try {
      if (quick(r, variables, settings)) return
      request = gateRequest(r, variables, settings, refuse)
      decision = decide(request)
    } catch (error) {
      if (isUnsent(error)) {
        r.return(problemStatus('internal'))
        return
      }
      request ??= gateRequest(r, variables, settings, refuse)
      decision = failed(request, error)
    }
    if (decision === LATER) wait(request)
    else apply(request, decision)
  }
}

function isNever(): boolean {
  return false
}

/**
 * Decides a request whose handler has returned LATER. The first decision holds: what comes after the
 * deadline, or twice, is of no account.
 */
export function conclude(request: GateRequest, decision: Decision): void {
  const { state, deadline } = request
  if (state === 'settled') return
  request.state = 'settled'
  if (deadline !== undefined) clearTimeout(deadline)
  if (state === 'waiting') apply(request, decision)
  else request.early = decision
}

/** Refuses a request whose handler has returned LATER and then failed. */
export function concludeFailure(request: GateRequest, error: unknown): void {
  conclude(request, failed(request, error))
}

/** Waits for `conclude`, as long as the location allows. */
export function wait(request: GateRequest): void {
  if (request.state === 'settled') {
    apply(request, request.early)
    return
  }
  request.state = 'waiting'
  // Stays if the client leaves before the decision.
  request.variables['gate_verdict'] = 'pending'
  const ms = request.settings.deadlineMs || DEFAULT_DEADLINE_MS
  request.deadline = setTimeout(giveUp, ms, request)
}

function giveUp(request: GateRequest): void {
  // njs 1.0.2 (QuickJS) corrupts its memory when a timer that has fired is cleared.
  request.deadline = undefined
  if (request.state === 'settled') return
  request.r.error('gate: no decision within the deadline')
  conclude(request, deny('session_store_unavailable', { details: { retryAfter: RETRY_SECONDS } }))
}

function apply(request: GateRequest, decision: Decision | undefined): void {
  try {
    // JavaScript can do what the types forbid: whatever is neither is a refusal.
    if (decision?.kind === 'allow') letThrough(request, decision)
    else {
      const denial = decision?.kind === 'deny' ? decision : forgotten(request)
      tellRefusal(request, denial)
      request.refuse(request, denial)
    }
  } catch (error) {
    // js_access lets a request through whose callback throws; error_page has the words for this one.
    request.r.return(problemStatus('internal'))
    if (isUnsent(error)) return
    failed(request, error)
    request.variables['gate_verdict'] = 'internal'
  }
}

/** Whether nginx could not send a refusal, because the client is gone. */
function isUnsent(error: unknown): boolean {
  return error instanceof Error && error.message === 'failed to send response'
}

function letThrough({ variables, now, settings }: GateRequest, decision: Allow): void {
  const { source, identity, rate, slot } = decision
  variables['gate_verdict'] = 'allow'
  if (rate.policy !== '') {
    variables['gate_ratelimit_policy'] = rate.policy
    variables['gate_ratelimit'] = rate.state
  }
  if (settings.tellsTiming) variables['gate_timing'] = timing(now, source)
  if (identity !== undefined) {
    variables['gate_user'] = identity.uid
    variables['gate_user_role'] = identity.role
    if (identity.kind === 'session') variables['gate_session'] = identity.hash
    else variables['gate_token'] = identity.tokenId
    if (slot !== '') {
      variables['gate_slot'] = slot
      beginStream(variables['request_id'] ?? '')
    }
  }
  countDecision('allow', source)
}

function tellRefusal({ variables, now, settings }: GateRequest, decision: Deny): void {
  const { code, source, rate, uid } = decision
  variables['gate_verdict'] = code
  if (rate.policy !== '') {
    variables['gate_ratelimit_policy'] = rate.policy
    variables['gate_ratelimit'] = rate.state
  }
  if (settings.tellsTiming) variables['gate_timing'] = timing(now, source)
  if (uid !== '') variables['gate_refused_user'] = uid
  const { retryAfter } = decision.details
  if (retryAfter !== undefined) variables['gate_retry_after'] = String(retryAfter)
  countDecision(code, source)
}

/** Returns the gate's own time, until now, for Server-Timing. */
export function timing(since: number, source: Source): string {
  return `gate;dur=${Date.now() - since};desc="${source}"`
}

/** Of a location whose settings are wrong. */
function refuseUnread(r: NginxHTTPRequest): void {
  r.variables['gate_verdict'] = 'internal'
  countDecision('internal', 'own')
  answerProblem(r, 'internal')
}

function forgotten({ r }: GateRequest): Deny {
  r.error('gate: the handler ended without a decision')
  return deny('internal')
}

function failed({ r }: GateRequest, error: unknown): Deny {
  r.error(`gate: ${String(error)}`)
  return deny('internal')
}
