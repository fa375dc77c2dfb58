/** The one place where failures become HTTP answers. */

import { TrieRouter } from 'hono/router/trie-router'
import type { Logger } from 'pino'
import { makeProblem, PROBLEM_TYPE, problemStatus } from '#contract/problem.ts'
import type { App, AppContext } from './context.ts'
import { Failure } from './failure.ts'
import { asProgramSees, isWorthRetrying, programError } from './program-error.ts'

/**
 * Returns the problem+json answer of a failure, or under /v1 what OpenAI's clients read; with
 * Retry-After if it knows when to retry.
 */
export function answerFailure(
  c: AppContext,
  failure: Failure,
  headers: Readonly<Record<string, string>> = {},
): Response {
  const { requestId, lang } = c.var
  const isForProgram = c.req.path.startsWith('/v1/')
  const { code, details } = isForProgram ? asProgramSees(failure) : failure
  const body = isForProgram
    ? programError(failure, requestId, lang)
    : makeProblem(code, requestId, lang, details)
  return new Response(JSON.stringify(body), {
    status: problemStatus(code),
    headers: {
      'Content-Type': isForProgram ? 'application/json' : PROBLEM_TYPE,
      ...(isForProgram && !isWorthRetrying(code, details) && { 'X-Should-Retry': 'false' }),
      ...(details.retryAfter !== undefined && { 'Retry-After': String(details.retryAfter) }),
      ...headers,
    },
  })
}

/**
 * Makes `app` answer whatever its routes throw. Causes are logged and never sent; what is no Failure
 * is a bug and becomes `internal`.
 */
export function answerErrors(app: App, log: Logger): void {
  app.onError((error, c) => {
    const { requestId } = c.var
    if (!(error instanceof Failure)) {
      log.error({ requestId, err: error }, 'unexpected error')
      return answerFailure(c, new Failure('internal'))
    }
    if (problemStatus(error.code) >= 500) {
      log.warn({ requestId, code: error.code, err: error.cause }, 'request failed')
    }
    return answerFailure(c, error)
  })
}

const METHODS = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE']

/**
 * Makes `app` answer addresses it does not know with 404, and known ones asked with another method
 * with 405 and Allow (RFC 9110 §15.5.6). Call it when all routes are mounted.
 */
export function answerUnknown(app: App): void {
  const known = new TrieRouter<string>()
  for (const { method, path } of app.routes) {
    if (METHODS.includes(method)) known.add(method, path, method)
  }
  app.notFound((c) => {
    const allowed = METHODS.filter((method) => known.match(method, c.req.path)[0].length > 0)
    if (allowed.length === 0) return answerFailure(c, new Failure('not_found'))
    const allow = allowed.flatMap((method) => (method === 'GET' ? ['GET', 'HEAD'] : [method]))
    return answerFailure(c, new Failure('method_not_allowed'), { Allow: allow.join(', ') })
  })
}
