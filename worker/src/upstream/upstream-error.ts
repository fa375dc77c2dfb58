/**
 * Turns what a provider reports into our own failures. Its texts do not reach people: they may show
 * the end of our key or the state of our account. They are kept as the cause, for the log, and for
 * programs whose request is at fault (program-error.ts).
 */

import type { ProblemCode } from '#contract/problem-codes.ts'
import { Failure } from '../failure.ts'
import { isRecord } from './json-object.ts'

/** A Retry-After beyond this (seconds) is not passed on. */
const MAX_RETRY_AFTER = 300

const MAX_LOGGED_TEXT = 300
/** More of it is not looked at. */
const MAX_READ_TEXT = 2000

const HIDDEN = '(key)'
/** Characters by which a part of a key is known: a beginning says little, an end is what is shown. */
const KNOWN_HEAD = 8
const KNOWN_TAIL = 4

/** What the provider said, for the log; of it programs see what is about their own request. */
export class UpstreamReport extends Error {
  readonly status: number
  /** The provider's words, without what may be a key. */
  said: string
  /** Seconds. */
  readonly retryAfterS: number | undefined

  constructor(status: number, text: string, retryAfterS?: number) {
    const said = redact(text).slice(0, MAX_LOGGED_TEXT)
    super(`upstream ${status}: ${said}`)
    this.name = 'UpstreamReport'
    this.said = said
    this.status = status
    this.retryAfterS = retryAfterS
  }

  /** Takes every trace of this key out of the text. */
  hide(secret: string): void {
    this.message = hide(this.message, secret)
    this.said = hide(this.said, secret)
  }
}

/** Takes every trace of this key out of what the log will say about the error; returns the error. */
export function withoutKey(error: unknown, secret: string): unknown {
  const cause = error instanceof Failure ? error.cause : undefined
  if (cause instanceof UpstreamReport) cause.hide(secret)
  return error
}

/**
 * Returns the failure for an HTTP answer that is not the stream we asked for.
 * @param retryAfter the answer's Retry-After header
 */
export function failureOfAnswer(status: number, body: string, retryAfter?: string): Failure {
  const error = errorObject(body)
  if (error !== undefined) return failureOfError(status, error, retryAfter)
  return failure(codeOfPage(status), status, body, retryAfter)
}

/** Returns the failure for the provider's `error` object, in an HTTP answer or inside a stream. */
export function failureOfError(
  status: number,
  error: Readonly<Record<string, unknown>>,
  retryAfter?: string,
): Failure {
  const message = typeof error['message'] === 'string' ? error['message'] : JSON.stringify(error)
  return failure(codeOf(status, message), status, message, retryAfter)
}

/** What is no error of the API came from a server in between, or there is no API at the address. */
function codeOfPage(status: number): ProblemCode {
  if (status === 200) return 'upstream_interrupted'
  return [403, 404, 405].includes(status) ? 'upstream_unavailable' : codeOf(status, '')
}

/** The status decides, then the message: DeepSeek's `code` is the same for nearly every error. */
function codeOf(status: number, message: string): ProblemCode {
  // Not 403: that may be about this model, this content or where we are, and a key is put out of use
  // for everybody.
  if (status === 401) return 'upstream_key_rejected'
  if (status === 402) return 'upstream_balance'
  if (status === 408 || status === 504) return 'upstream_timeout'
  if (status === 429 || status === 503) return 'upstream_busy'
  if (/content exists risk/i.test(message)) return 'upstream_content_risk'
  if (/maximum context length/i.test(message)) return 'upstream_context_length'
  if (/model not exist|supported api model names/i.test(message)) return 'upstream_unknown_model'
  if (status >= 400 && status < 500) return 'upstream_rejected_request'
  if (/overload|busy|capacity|rate limit|concurrency/i.test(message)) return 'upstream_busy'
  // Status 200: an error inside a stream that had begun.
  return status === 200 ? 'upstream_interrupted' : 'upstream_unavailable'
}

function failure(code: ProblemCode, status: number, text: string, retryAfter?: string): Failure {
  const mayWait = status === 429 || status === 503
  const seconds =
    mayWait && /^[1-9]\d{0,5}$/.test(retryAfter ?? '') ? Number(retryAfter) : undefined
  const isSane = seconds !== undefined && seconds <= MAX_RETRY_AFTER
  const cause = new UpstreamReport(status, text, seconds)
  return new Failure(code, isSane ? { retryAfter: seconds } : {}, { cause })
}

function errorObject(body: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(body)
    return isRecord(value) && isRecord(value['error']) ? value['error'] : undefined
  } catch {
    return undefined
  }
}

/** Takes out what may be a key or a part of one: `sk-…`, and words with a gap such as `ab***cd`. */
function redact(text: string): string {
  return text
    .slice(0, MAX_READ_TEXT)
    .replace(/\bsk-[\w*.…-]+|[\w-]{0,64}(?:\*{2,}|\.{3,}|…)[\w*.…-]{0,64}\w/g, HIDDEN)
    .replace(/\s+/g, ' ')
}

/** Returns the text without words that begin or end as the secret does. */
function hide(text: string, secret: string): string {
  const parts = [secret.slice(0, KNOWN_HEAD), secret.slice(-KNOWN_TAIL)]
  return text.replace(/\S+/g, (word) => (parts.some((part) => word.includes(part)) ? HIDDEN : word))
}
