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

const TYPES: Readonly<Record<number, string>> = {
  401: 'authentication_error',
  402: 'insufficient_quota',
  403: 'permission_error',
  404: 'not_found_error',
  429: 'rate_limit_error',
}

/** The two codes that clients know by another name. */
const CODES: Readonly<Record<string, string>> = {
  invalid_token: 'invalid_api_key',
  rate_limited: 'rate_limit_exceeded',
}

/**
 * Returns the problem in OpenAI's shape; `param` is the first wrong field.
 * @param message instead of the problem's own text, if somebody else has said what is wrong
 */
export function openAiError(problem: Problem, message?: string): OpenAiError {
  const fallback = problem.status >= 500 ? 'server_error' : 'invalid_request_error'
  const [wrong] = problem.errors ?? []
  return {
    error: {
      message: message ?? (wrong === undefined ? problem.detail : wrongText(wrong)),
      type: TYPES[problem.status] ?? fallback,
      param: wrong?.field || null,
      code: CODES[problem.code] ?? problem.code,
    },
  }
}

function wrongText({ field, message }: FieldError): string {
  return field === '' ? message : `${field}: ${message}`
}
