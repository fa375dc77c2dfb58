/**
 * The one shape of every error that Chatgate itself answers: `application/problem+json` (RFC 9457)
 * with a stable `code` and the request id.
 */

import type { Lang } from './lang.ts'
import { PROBLEMS, type ProblemCode } from './problem-codes.ts'

export const PROBLEM_TYPE = 'application/problem+json'

/** Body of an error answer. */
export interface Problem {
  readonly type: string
  readonly title: string
  readonly status: number
  readonly detail: string
  readonly code: ProblemCode
  readonly request_id: string
  /** Whole seconds after which a retry may succeed; equal to the Retry-After header. */
  readonly retryAfter?: number
  /** When a used-up quota begins anew: ISO 8601, UTC. */
  readonly resets_at?: string
  /** Which fields of the request are wrong and why. */
  readonly errors?: readonly FieldError[]
  /** Names of the limit policies that refused (draft-ietf-httpapi-ratelimit-headers-11 §6). */
  readonly 'violated-policies'?: readonly string[]
  /** What a change did not expect: the thing as it is now. */
  readonly current?: unknown
}

export interface FieldError {
  /** Path of the field, joined by dots; empty for the body as a whole. */
  readonly field: string
  readonly message: string
}

/** What one occurrence of a problem adds to the fixed text of its code. */
export interface ProblemDetails {
  readonly retryAfter?: number
  readonly errors?: readonly FieldError[]
  readonly violatedPolicies?: readonly string[]
  /** Serialised as JSON. */
  readonly current?: unknown
  /** The limit that refused: `quota` requests in any `windowSeconds`. */
  readonly limit?: { readonly quota: number; readonly windowSeconds: number }
  /** When a used-up quota begins anew: ISO 8601 in UTC, and in the words of the user's zone. */
  readonly reset?: { readonly at: string; readonly text: string }
}

/** Returns the HTTP status of a code. */
export function problemStatus(code: ProblemCode): number {
  return PROBLEMS[code].status
}

/** Returns the body for an error; serialise it with JSON.stringify. */
export function makeProblem(
  code: ProblemCode,
  requestId: string,
  lang: Lang,
  details: ProblemDetails = {},
): Problem {
  const definition = PROBLEMS[code]
  const text = definition[lang]
  const params = {
    wait: details.retryAfter === undefined ? '' : waitText(details.retryAfter, lang),
    quota: details.limit?.quota ?? '',
    reset: details.reset?.text ?? '',
    window: details.limit === undefined ? '' : windowText(details.limit.windowSeconds, lang),
  }
  return {
    type:
      code === 'rate_limited'
        ? 'https://iana.org/assignments/http-problem-types#quota-exceeded'
        : `urn:chatgate:problem:${code}`,
    title: text.title,
    status: definition.status,
    detail: fill(text.detail, params),
    code,
    request_id: requestId,
    ...(details.retryAfter !== undefined && { retryAfter: details.retryAfter }),
    ...(details.reset !== undefined && { resets_at: details.reset.at }),
    ...(details.errors !== undefined && { errors: details.errors }),
    ...(details.violatedPolicies !== undefined && {
      'violated-policies': details.violatedPolicies,
    }),
    ...(details.current !== undefined && { current: details.current }),
  }
}

function fill(text: string, params: Readonly<Record<string, string | number>>): string {
  return text.replace(/\{(\w+)\}/g, (whole, name: string) => String(params[name] ?? whole))
}

const UNITS: Readonly<Record<Lang, readonly [string, string, string, string]>> = {
  en: ['s', 'min', 'h', 'd'],
  'zh-CN': ['秒', '分钟', '小时', '天'],
}

const MINUTE = 60
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR

/** Returns a time in words, in the unit that is easily read; whoever waits that long is not too early. */
export function waitText(seconds: number, lang: Lang): string {
  const [second, minute, hour, day] = UNITS[lang]
  if (seconds <= 2 * MINUTE) return `${seconds} ${second}`
  if (seconds <= 2 * HOUR) return `${Math.ceil(seconds / MINUTE)} ${minute}`
  if (seconds <= 2 * DAY) return `${Math.ceil(seconds / HOUR)} ${hour}`
  return `${Math.ceil(seconds / DAY)} ${day}`
}

const WINDOWS: Readonly<Record<number, Readonly<Record<Lang, string>>>> = {
  [MINUTE]: { en: 'minute', 'zh-CN': '分钟' },
  [HOUR]: { en: 'hour', 'zh-CN': '小时' },
  [DAY]: { en: 'day', 'zh-CN': '天' },
}

/** Returns a window in words, exactly: in the largest unit of which it is so and so many. */
function windowText(seconds: number, lang: Lang): string {
  const known = WINDOWS[seconds]?.[lang]
  if (known !== undefined) return known
  const [second, minute, hour, day] = UNITS[lang]
  const text =
    seconds % DAY === 0
      ? `${seconds / DAY} ${day}`
      : seconds % HOUR === 0
        ? `${seconds / HOUR} ${hour}`
        : seconds % MINUTE === 0
          ? `${seconds / MINUTE} ${minute}`
          : `${seconds} ${second}`
  return lang === 'en' ? text : ` ${text}`
}
