/**
 * DeepSeek's error answers. The texts are those its users reported in 2026; `code` is
 * `invalid_request_error` whatever the status, so a client must branch on the status.
 */

export type ErrorType = 'invalid_request_error' | 'authentication_error' | 'unknown_error'

/** An answer other than 200, thrown anywhere and written by the server in one place. */
export class ApiError extends Error {
  readonly status: number
  readonly type: ErrorType

  constructor(status: number, message: string, type: ErrorType = 'invalid_request_error') {
    super(message)
    this.name = 'ApiError'
    this.status = status
    this.type = type
  }
}

/** Returns the JSON body of an error. */
export function errorBody(error: ApiError): string {
  return JSON.stringify({
    error: {
      message: error.message,
      type: error.type,
      param: null,
      code: 'invalid_request_error',
    },
  })
}

/** 401 for a key that the provider does not know; it echoes the last four characters. */
export function keyRefused(key: string): ApiError {
  return new ApiError(
    401,
    `Authentication Fails, Your api key: ****${key.slice(-4)} is invalid`,
    'authentication_error',
  )
}

/** 402 for an account without money. */
export function balanceUsedUp(): ApiError {
  return new ApiError(402, 'Insufficient Balance', 'unknown_error')
}

/** 429 for one request more than the account may run at a time. */
export function tooConcurrent(limit: number): ApiError {
  return new ApiError(
    429,
    `Your current concurrency is ${limit + 1}, which exceeds your concurrency limit of ${limit} ` +
      'based on your remaining balance. Please top up your balance to restore your concurrency.',
    'unknown_error',
  )
}

/** 400 for `max_tokens` outside 1 to `max`. */
export function maxTokensOutOfRange(max: number): ApiError {
  return new ApiError(400, `Invalid max_tokens value, the valid range of max_tokens is [1, ${max}]`)
}
