/** What nginx answers for errors that no handler has put into words: unknown addresses, worker down … */

import type { ProblemCode } from '../contract/problem-codes.ts'
import { answerProblem, requestLang } from '../nginx/answer.ts'

const CODES: Readonly<Record<number, ProblemCode>> = {
  403: 'forbidden',
  404: 'not_found',
  405: 'method_not_allowed',
  413: 'payload_too_large',
  414: 'uri_too_long',
  429: 'flood',
  431: 'header_too_large',
  500: 'internal',
  502: 'worker_unavailable',
  503: 'worker_unavailable',
  504: 'worker_unavailable',
}

/** Seconds after which asking again makes sense. */
const RETRY_AFTER: Readonly<Record<number, number>> = { 429: 1, 502: 2, 503: 2, 504: 2 }

/** js_content of the location that error_page leads to: a page for people, a problem for programs. */
export function errorPage(r: NginxHTTPRequest): void {
  const status = Number(r.variables['status'])
  const code = CODES[status] ?? (status >= 500 ? 'internal' : 'bad_request')
  const retryAfter = RETRY_AFTER[status]
  if (isNavigation(r)) {
    if (retryAfter !== undefined) r.headersOut['Retry-After'] = String(retryAfter)
    const name = status === 403 ? 'forbidden' : 'error'
    r.internalRedirect(`/_pages/${requestLang(r)}/${name}.html`)
    return
  }
  answerProblem(r, code, retryAfter === undefined ? {} : { retryAfter }, status)
}

function isNavigation(r: NginxHTTPRequest): boolean {
  const target = r.variables['request_uri'] ?? ''
  if (r.method !== 'GET' || target.startsWith('/api/')) return false
  return r.headersIn['Accept']?.includes('text/html') === true
}
