/** The js_access handlers: who may pass where. */

import { isSameSite, mayLogOutByGet } from '../contract/cross-site.ts'
import { problemStatus } from '../contract/problem.ts'
import { type Deny, deny } from '../domain/decision.ts'
import { loginAddress } from '../domain/login-redirect.ts'
import { admitAnyone, admitSession } from '../nginx/admit.ts'
import type { GateRequest } from '../nginx/gate-request.ts'
import { guard } from '../nginx/guard.ts'

/** APIs: a session, the location's limits and, for methods that act, the same site. */
export const api = guard(async (request) =>
  isSameSite(request.origin) ? admitSession(request) : deny('cross_site'),
)

/** Pages: like `api`, but whoever is not signed in is led to the login page and back. */
export const page = guard(admitSession, refusePage)

/** Addresses open to everybody, such as POST /login: limits and the same site only. */
export const open = guard(async (request) =>
  isSameSite(request.origin) ? admitAnyone(request) : deny('cross_site'),
)

/** GET and POST /logout: no other site may sign a person out; a person is asked instead. */
export const logout = guard(async (request) => {
  const { method, secFetchSite } = request.origin
  const secPurpose = request.r.headersIn['Sec-Purpose']
  const mayAct =
    method === 'GET' ? mayLogOutByGet(secFetchSite, secPurpose) : isSameSite(request.origin)
  return mayAct ? admitAnyone(request) : deny('cross_site')
}, refusePage)

function refusePage({ r, target }: GateRequest, { code, details }: Deny): void {
  if (code === 'unauthenticated') {
    r.headersOut['Cache-Control'] = 'no-store'
    r.return(302, loginAddress(target))
    return
  }
  // No body: error_page then serves the static page for this status.
  if (details.retryAfter !== undefined) r.headersOut['Retry-After'] = String(details.retryAfter)
  r.return(problemStatus(code))
}
