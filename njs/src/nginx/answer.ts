/** The one place where the gate answers a request itself. */

import { chooseLang, LANG_COOKIE, type Lang } from '../contract/lang.ts'
import {
  makeProblem,
  PROBLEM_TYPE,
  type ProblemDetails,
  problemStatus,
} from '../contract/problem.ts'
import type { ProblemCode } from '../contract/problem-codes.ts'
import { readCookie } from '../domain/cookie.ts'

/** Returns the language of the request. */
export function requestLang(r: NginxHTTPRequest): Lang {
  return chooseLang(readCookie(r.headersIn['Cookie'], LANG_COOKIE), r.headersIn['Accept-Language'])
}

/** Answers with a problem; `status` overrides the code's own where nginx has already fixed it. */
export function answerProblem(
  r: NginxHTTPRequest,
  code: ProblemCode,
  details: ProblemDetails = {},
  status: number = problemStatus(code),
): void {
  const problem = makeProblem(code, r.variables['request_id'] ?? '', requestLang(r), details)
  r.headersOut['Content-Type'] = `${PROBLEM_TYPE}; charset=utf-8`
  r.headersOut['Cache-Control'] = 'no-store'
  if (details.retryAfter !== undefined) r.headersOut['Retry-After'] = String(details.retryAfter)
  r.return(status, JSON.stringify({ ...problem, status }))
}
