/** Errors of `/v1` in the shape that OpenAI's clients read: `{error: {message, type, param, code}}`. */

import type { Problem } from './problem.ts'

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

/** Returns the problem in OpenAI's shape; `param` is the first wrong field. */
export function openAiError(problem: Problem): OpenAiError {
  const fallback = problem.status >= 500 ? 'server_error' : 'invalid_request_error'
  return {
    error: {
      message: problem.detail,
      type: TYPES[problem.status] ?? fallback,
      param: problem.errors?.[0]?.field ?? null,
      code: CODES[problem.code] ?? problem.code,
    },
  }
}
