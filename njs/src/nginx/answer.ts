/** The one place where the gate answers a request itself. */

import type { Lang } from '../contract/lang.ts'
import { PROBLEM_TYPE, type ProblemDetails, problemStatus } from '../contract/problem.ts'
import type { ProblemCode } from '../contract/problem-codes.ts'
import type { Deny } from '../domain/decision.ts'
import { type ProblemShape, problemText } from '../domain/problem-text.ts'
import type { GateRequest } from './gate-request.ts'

/** Returns the language of the request, as nginx chooses pages by it (conf.d/languages.conf). */
export function requestLang(r: NginxHTTPRequest): Lang {
  return langOf(r.variables)
}

function langOf(variables: NginxVariables): Lang {
  return variables['gate_lang'] === 'zh-CN' ? 'zh-CN' : 'en'
}

/** Returns true if a person looks at the answer: browsers ask for pages by name, programs do not. */
export function acceptsPage(r: NginxHTTPRequest): boolean {
  return r.headersIn['Accept']?.includes('text/html') === true
}

/**
 * Answers a refusal where nginx already knows the type of the answer (snippets/proxy-worker.conf) and
 * that nobody may keep it, because a flood of these should cost as little as it can.
 */
export function answerRefusal(
  { r, variables }: Pick<GateRequest, 'r' | 'variables'>,
  { code, details }: Deny,
): void {
  const status = problemStatus(code)
  const id = variables['request_id'] ?? ''
  r.return(status, problemText('problem', code, status, langOf(variables), details, id))
}

/**
 * Answers with a problem; under /v1 in the shape of OpenAI's errors, which its clients read.
 * @param status overrides the code's own where nginx has already fixed it
 */
export function answerProblem(
  r: NginxHTTPRequest,
  code: ProblemCode,
  details: ProblemDetails = {},
  status: number = problemStatus(code),
): void {
  const { variables, headersOut } = r
  const forPrograms = (variables['request_uri'] ?? '').startsWith('/v1/')
  const shape: ProblemShape = forPrograms ? 'openai' : 'problem'
  headersOut['Content-Type'] = forPrograms ? 'application/json' : `${PROBLEM_TYPE}; charset=utf-8`
  // RFC 6750 §3
  if (forPrograms && status === 401) headersOut['WWW-Authenticate'] = 'Bearer'
  const id = variables['request_id'] ?? ''
  r.return(status, problemText(shape, code, status, langOf(variables), details, id))
}
