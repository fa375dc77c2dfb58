/** Failures as programs see them: in OpenAI's shape, and so that its clients retry what is worth it. */

import type { Lang } from '#contract/lang.ts'
import { type OpenAiError, openAiError } from '#contract/openai-error.ts'
import { makeProblem, type ProblemDetails } from '#contract/problem.ts'
import type { ProblemCode } from '#contract/problem-codes.ts'
import { Failure } from './failure.ts'
import { UpstreamReport } from './upstream/upstream-error.ts'

/**
 * Codes whose cause is the request itself, so that whoever wrote the program has to know what exactly the
 * provider did not like.
 */
const ABOUT_REQUEST: ReadonlySet<ProblemCode> = new Set([
  'upstream_rejected_request',
  'upstream_context_length',
  'upstream_unknown_model',
])

/** Other refusals may be about our account, whatever their code. */
const STATUS_ABOUT_REQUEST = [400, 422]

/** Codes that stay until somebody has done something, though their status says "try again". */
const LASTING: ReadonlySet<ProblemCode> = new Set([
  'no_upstream_key',
  'upstream_key_rejected',
  'upstream_balance',
])

/** OpenAI's client sleeps for as long as Retry-After says, however long that is. Seconds. */
const LONGEST_SLEEP = 120

/** Returns the failure with the code that a program gets: it can tell "too many" from "overloaded". */
export function asProgramSees(failure: Failure): Failure {
  const { code, details, cause } = failure
  if (code !== 'upstream_busy') return failure
  // Without a report no key was asked at all, because all of them cool down after a 429.
  const isRateLimit = cause instanceof UpstreamReport ? cause.status === 429 : cause === undefined
  return isRateLimit ? new Failure('upstream_rate_limited', details, { cause }) : failure
}

/** Returns the body of an error, or what stands in its event in a stream that has begun. */
export function programError(failure: Failure, requestId: string, lang: Lang): OpenAiError {
  const { code, details, cause } = asProgramSees(failure)
  const problem = makeProblem(code, requestId, lang, details)
  return openAiError(problem, ABOUT_REQUEST.has(code) ? wordsOf(cause) : undefined)
}

/** Returns whether a program does right to try again by itself, if the status says that it may. */
export function isWorthRetrying(code: ProblemCode, { retryAfter }: ProblemDetails): boolean {
  return !LASTING.has(code) && (retryAfter ?? 0) <= LONGEST_SLEEP
}

function wordsOf(cause: unknown): string | undefined {
  if (!(cause instanceof UpstreamReport) || cause.said === '') return undefined
  return STATUS_ABOUT_REQUEST.includes(cause.status) ? cause.said : undefined
}
