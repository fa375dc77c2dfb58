/** An expected failure: thrown anywhere, turned into a problem+json answer in app.ts only. */

import type { ProblemDetails } from '#contract/problem.ts'
import type { ProblemCode } from '#contract/problem-codes.ts'

export class Failure extends Error {
  readonly code: ProblemCode
  readonly details: ProblemDetails

  /** @param options.cause what went wrong underneath: logged, never sent to a client */
  constructor(code: ProblemCode, details: ProblemDetails = {}, options?: { cause?: unknown }) {
    super(code, options)
    this.name = 'Failure'
    this.code = code
    this.details = details
  }
}

/** Returns true if MySQL could not be used: what was tried may succeed later as it is. */
export function isAway(error: unknown): boolean {
  return error instanceof Failure && error.code === 'storage_unavailable'
}
