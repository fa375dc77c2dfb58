/** What went wrong with a request, in words a person can act on. */

import type { Problem } from '#contract/problem.ts'
import { trouble as words } from '../words/current.ts'
import { fill } from '../words/fill.ts'

export interface Trouble {
  readonly title: string
  readonly detail: string
  /** HTTP status, or undefined when no answer came. */
  readonly status: number | undefined
  /** One of Chatgate's problem codes, or undefined when the answer was not a problem of ours. */
  readonly code: string | undefined
  readonly requestId: string | undefined
  /** Seconds after which a retry may succeed. */
  readonly retryAfter: number | undefined
  /** What is wrong with which field of the request. */
  readonly errors: readonly { readonly field: string; readonly message: string }[]
}

/** Thrown by the API client; `trouble` is what to show. */
export class ApiFailure extends Error {
  readonly trouble: Trouble

  constructor(trouble: Trouble) {
    super(trouble.title)
    this.name = 'ApiFailure'
    this.trouble = trouble
  }
}

/** Returns the trouble of a request that got no answer, from what `fetch` threw. */
export function networkTrouble(cause: unknown, online: boolean): Trouble {
  if (cause instanceof DOMException && cause.name === 'TimeoutError') {
    return plainTrouble(words.timeoutTitle, words.timeoutDetail)
  }
  return online
    ? plainTrouble(words.unreachableTitle, words.unreachableDetail)
    : plainTrouble(words.offlineTitle, words.offlineDetail)
}

/** Returns the trouble of an answer that is neither the expected data nor a problem of ours. */
export function unreadableTrouble(status: number, requestId: string | undefined): Trouble {
  const detail = fill(words.unreadableDetail, { status })
  return { ...plainTrouble(words.unreadableTitle, detail), status, requestId }
}

/** Returns a trouble that has words only. */
export function plainTrouble(title: string, detail: string): Trouble {
  return {
    title,
    detail,
    status: undefined,
    code: undefined,
    requestId: undefined,
    retryAfter: undefined,
    errors: [],
  }
}

/** Returns the trouble a problem stands for. */
export function problemTrouble(problem: Problem): Trouble {
  return {
    title: problem.title,
    detail: problem.detail,
    status: problem.status,
    code: problem.code,
    requestId: problem.request_id,
    retryAfter: problem.retryAfter,
    errors: problem.errors ?? [],
  }
}

/** Tells whether a parsed body is a problem (contract/problem.ts), not some other error page. */
export function isProblem(body: unknown): body is Problem {
  return (
    typeof body === 'object' &&
    body !== null &&
    'title' in body &&
    typeof body.title === 'string' &&
    'detail' in body &&
    typeof body.detail === 'string' &&
    'code' in body &&
    typeof body.code === 'string'
  )
}

/** Tells whether it is worth waiting on the page: a limit frees itself in a while, a quota tomorrow or later. */
export function isSoonOver({ status, code }: Trouble): boolean {
  return status === 429 && code !== 'quota_exhausted'
}

/** Returns the trouble of anything thrown, so that no failure goes unshown. */
export function troubleOf(error: unknown): Trouble {
  return error instanceof ApiFailure ? error.trouble : networkTrouble(error, true)
}
