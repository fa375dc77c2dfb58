/** What nginx answers for errors that no handler has put into words: unknown addresses, worker down … */

import { problemStatus, waitText } from '../contract/problem.ts'
import { isProblemCode, type ProblemCode } from '../contract/problem-codes.ts'
import { acceptsPage, answerProblem, requestLang } from '../nginx/answer.ts'

const CODES: Readonly<Record<number, ProblemCode>> = {
  403: 'forbidden',
  404: 'not_found',
  405: 'method_not_allowed',
  413: 'payload_too_large',
  414: 'uri_too_long',
  416: 'bad_request',
  429: 'flood',
  431: 'header_too_large',
  500: 'internal',
  // A transfer coding or a version of HTTP that nginx does not speak.
  501: 'bad_request',
  505: 'bad_request',
  502: 'worker_unavailable',
  503: 'worker_unavailable',
  504: 'worker_unavailable',
}

/** Seconds after which asking again makes sense. */
const RETRY_AFTER: Readonly<Record<number, number>> = { 429: 1, 502: 2, 503: 2, 504: 2 }

/** js_content of the location that error_page leads to: a page for people, a problem for programs. */
export function errorPage(r: NginxHTTPRequest): void {
  const status = Number(r.variables['status'])
  const code = codeOf(r, status)
  const retryAfter = tellWait(r, status)
  if (status === 405) allowMethods(r)
  if (isNavigation(r)) {
    const lang = requestLang(r)
    if (retryAfter !== undefined) r.variables['gate_wait'] = waitText(retryAfter, lang)
    r.internalRedirect(`/_pages/${lang}/${pageName(r, status)}.html`)
    return
  }
  answerProblem(r, code, retryAfter === undefined ? {} : { retryAfter }, status)
}

/** Sets Retry-After unless the gate has; returns the seconds. */
function tellWait(r: NginxHTTPRequest, status: number): number | undefined {
  const told = r.variables['gate_retry_after'] ?? ''
  if (told !== '') return Number(told)
  const seconds = RETRY_AFTER[status]
  if (seconds !== undefined) r.variables['gate_retry_after'] = String(seconds)
  return seconds
}

/** The gate's own word for the refusal if it gave one, else what the status says. */
function codeOf(r: NginxHTTPRequest, status: number): ProblemCode {
  const verdict = r.variables['gate_verdict'] ?? ''
  if (isProblemCode(verdict) && problemStatus(verdict) === status) return verdict
  return CODES[status] ?? (status >= 500 ? 'internal' : 'bad_request')
}

/** A log-out that another site asked for becomes a question to the person. */
function pageName(r: NginxHTTPRequest, status: number): string {
  if (status === 429) return 'limit'
  if (status !== 403) return 'error'
  return r.variables['gate_verdict'] === 'cross_site' ? 'logout' : 'forbidden'
}

/**
 * Sets Allow (RFC 9110 §15.5.6) where nginx serves the address itself: the pages, and /login, whose
 * POST goes to the worker. TRACE and CONNECT nginx refuses before it looks at the address.
 */
function allowMethods(r: NginxHTTPRequest): void {
  // Not r.method, which is the error page's own GET here.
  if (/^(?:TRACE|CONNECT) /.test(r.variables['request'] ?? '')) return
  const [path] = (r.variables['request_uri'] ?? '').split('?', 1)
  r.headersOut['Allow'] = path === '/login' ? 'GET, HEAD, POST' : 'GET, HEAD'
}

function isNavigation(r: NginxHTTPRequest): boolean {
  // The gate's own question to Redis, whose answer nobody but the gate sees.
  if (r.parent !== undefined) return false
  const target = r.variables['request_uri'] ?? ''
  if (r.method !== 'GET' || /^\/(?:api|v1)\//.test(target)) return false
  return acceptsPage(r)
}
