/** The js_access handlers: who may pass where. */

import { isSafeMethod, isSameSite, mayLogOutByGet } from '../contract/cross-site.ts'
import { problemStatus } from '../contract/problem.ts'
import { type Deny, deny } from '../domain/decision.ts'
import { loginAddress } from '../domain/login-redirect.ts'
import { admitAnyone, admitSession, admitToken, refuseKnown } from '../nginx/admit.ts'
import { acceptsPage, answerProblem, answerRefusal } from '../nginx/answer.ts'
import { sessionText } from '../nginx/credentials.ts'
import { type GateRequest, requestOrigin, requestTarget } from '../nginx/gate-request.ts'
import { guard } from '../nginx/guard.ts'
import { takeQuickly } from '../nginx/quick.ts'

/** APIs: a session, the location's limits and, for methods that act, the same site. */
export const api = guard(
  (request) => {
    const text = sessionText(request)
    const refusal = refuseKnown(request, text)
    if (refusal !== undefined) return refusal
    return mayAct(request) ? admitSession(request, text) : deny('cross_site')
  },
  answerRefusal,
  takeQuickly,
)

/** Programs: an access token and the location's limits. No browser sends it against a user's will. */
export const token = guard(admitToken, ({ r }, { code, details }) => {
  answerProblem(r, code, details)
})

/** Pages: like `api`, but whoever is not signed in is led to the login page and back. */
export const page = guard((request) => {
  const text = sessionText(request)
  return refuseKnown(request, text) ?? admitSession(request, text)
}, refusePage)

/** Addresses open to everybody, such as POST /login: limits and the same site only. */
export const open = guard(
  (request) => (mayAct(request) ? admitAnyone(request) : deny('cross_site')),
  refuseForm,
)

/** GET and POST /logout: no other site may sign a person out; a person is asked instead. */
export const logout = guard((request) => {
  const { r, variables } = request
  const isMeant = isSafeMethod(r.method)
    ? mayLogOutByGet(variables['http_sec_fetch_site'], variables['http_sec_purpose'])
    : isSameSite(requestOrigin(request))
  return isMeant ? admitAnyone(request) : deny('cross_site')
}, refusePage)

/** The cross-site rule; the headers it needs are read only where it applies. */
function mayAct(request: GateRequest): boolean {
  return isSafeMethod(request.r.method) || isSameSite(requestOrigin(request))
}

function refusePage(request: GateRequest, { code, details }: Deny): void {
  const { r } = request
  if (code === 'unauthenticated') {
    r.return(302, loginAddress(requestTarget(request)))
    return
  }
  // No body: error_page then serves the page for this status.
  if (acceptsPage(r)) r.return(problemStatus(code))
  else answerProblem(r, code, details)
}

/** A form that a browser sent without script gets a page, a program its problem. */
function refuseForm(request: GateRequest, decision: Deny): void {
  const { r } = request
  const type = r.headersIn['Content-Type']
  const isForm = type?.startsWith('application/x-www-form-urlencoded') === true
  if (isForm && acceptsPage(r)) refusePage(request, decision)
  else answerRefusal(request, decision)
}
