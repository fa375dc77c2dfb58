/**
 * Turns what a provider reports into our own failures. Its texts never reach a client: they may
 * show the end of our key or the state of our account. They are kept as the cause, for the log.
 */

import type { ProblemCode } from '#contract/problem-codes.ts'
import { Failure } from '../failure.ts'
import { isRecord } from './json-object.ts'

/** A Retry-After beyond this (seconds) is not passed on. */
const MAX_RETRY_AFTER = 300

const MAX_LOGGED_TEXT = 300

/** What the provider said, for the log only. */
export class UpstreamReport extends Error {
  constructor(status: number, text: string) {
    super(`upstream ${status}: ${redact(text).slice(0, MAX_LOGGED_TEXT)}`)
    this.name = 'UpstreamReport'
  }
}

/**
 * Returns the failure for an HTTP answer that is not the stream we asked for.
 * @param retryAfter the answer's Retry-After header
 */
export function failureOfAnswer(status: number, body: string, retryAfter?: string): Failure {
  const error = errorObject(body)
  if (error !== undefined) return failureOfError(status, error, retryAfter)
  const report = new UpstreamReport(status, body)
  if (status === 200) return new Failure('upstream_interrupted', {}, { cause: report })
  return new Failure(codeOf(status, ''), retryDetails(status, retryAfter), { cause: report })
}

/** Returns the failure for the provider's `error` object, in an HTTP answer or inside a stream. */
export function failureOfError(
  status: number,
  error: Readonly<Record<string, unknown>>,
  retryAfter?: string,
): Failure {
  const message = typeof error['message'] === 'string' ? error['message'] : JSON.stringify(error)
  const report = new UpstreamReport(status, message)
  return new Failure(codeOf(status, message), retryDetails(status, retryAfter), { cause: report })
}

/** The status decides, then the message: DeepSeek's `code` is the same for nearly every error. */
function codeOf(status: number, message: string): ProblemCode {
  if (status === 401 || status === 403) return 'upstream_key_rejected'
  if (status === 402) return 'upstream_balance'
  if (status === 408 || status === 504) return 'upstream_timeout'
  if (status === 429 || status === 503) return 'upstream_busy'
  if (/content exists risk/i.test(message)) return 'upstream_content_risk'
  if (/maximum context length/i.test(message)) return 'upstream_context_length'
  if (status >= 400 && status < 500) return 'upstream_rejected_request'
  if (/overload|busy|capacity|rate limit|concurrency/i.test(message)) return 'upstream_busy'
  // Status 200: an error inside a stream that had begun.
  return status === 200 ? 'upstream_interrupted' : 'upstream_unavailable'
}

function retryDetails(status: number, retryAfter: string | undefined): { retryAfter?: number } {
  if (status !== 429 && status !== 503) return {}
  const seconds = /^\d{1,6}$/.test(retryAfter ?? '') ? Number(retryAfter) : 0
  return seconds >= 1 && seconds <= MAX_RETRY_AFTER ? { retryAfter: seconds } : {}
}

function errorObject(body: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(body)
    return isRecord(value) && isRecord(value['error']) ? value['error'] : undefined
  } catch {
    return undefined
  }
}

function redact(text: string): string {
  return text.replace(/\bsk-[\w-]+|\*{2,}\w+/g, '(key)').replace(/\s+/g, ' ')
}
