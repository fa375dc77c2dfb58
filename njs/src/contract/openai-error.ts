/** Errors of `/v1` in the shape that OpenAI's clients read: `{error: {message, type, param, code}}`. */

import type { FieldError, Problem } from './problem.ts'

export interface OpenAiError {
  readonly error: {
    readonly message: string
    readonly type: string
    readonly param: string | null
    readonly code: string
  }
}

/** OpenAI's own name for it is type and code. */
const INSUFFICIENT_QUOTA = 'insufficient_quota'

const TYPES: Readonly<Record<number, string>> = {
  401: 'authentication_error',
  402: INSUFFICIENT_QUOTA,
  403: 'permission_error',
  404: 'not_found_error',
  429: 'rate_limit_error',
}

/** The codes that clients know by another name. */
const CODES: Readonly<Record<string, string>> = {
  invalid_token: 'invalid_api_key',
  rate_limited: 'rate_limit_exceeded',
  quota_exhausted: INSUFFICIENT_QUOTA,
}

/**
 * Returns the problem in OpenAI's shape; `param` is the first wrong field.
 * @param message instead of the problem's own text, if somebody else has said what is wrong
 */
export function openAiError(problem: Problem, message?: string): OpenAiError {
  const fallback = problem.status >= 500 ? 'server_error' : 'invalid_request_error'
  const [wrong] = problem.errors ?? []
  const code = CODES[problem.code] ?? problem.code
  return {
    error: {
      message: message ?? (wrong === undefined ? problem.detail : wrongText(wrong)),
      type: code === INSUFFICIENT_QUOTA ? code : (TYPES[problem.status] ?? fallback),
      param: wrong?.field || null,
      code,
    },
  }
}

function wrongText({ field, message }: FieldError): string {
  return field === '' ? message : `${field}: ${message}`
}
