/**
 * The script of an answer: lines `standin: key=value key="value"` in the last user message. Whatever
 * cannot be read is refused, so that a misspelt test fails instead of passing by luck.
 */

import {
  readPairs,
  refusal,
  take,
  takeChoice,
  takeInteger,
  takeIntegerOr,
  takeSeconds,
} from './directive-values.ts'
import { SCRIPTED_STATUSES, type ScriptedStatus } from './scripted-status.ts'

export const FAULT_KINDS = ['cut', 'reset', 'stall', 'error'] as const
export const FRAMES = ['lf', 'crlf', 'bytes'] as const
export const USAGE_MODES = ['last', 'none', 'early', 'extra'] as const
export const FINISH_REASONS = [
  'stop',
  'length',
  'content_filter',
  'tool_calls',
  'insufficient_system_resource',
] as const

export type Frame = (typeof FRAMES)[number]
export type UsageMode = (typeof USAGE_MODES)[number]
export type FinishReason = (typeof FINISH_REASONS)[number]

/** Something that happens instead of the answer's end. */
export interface Fault {
  readonly kind: (typeof FAULT_KINDS)[number]
  /** So many tokens, or the finish chunk. */
  readonly after: number | 'finish'
}

/** What was asked for; undefined where the default applies. */
export interface Directives {
  readonly text: string | undefined
  readonly tokens: number | undefined
  readonly reasoning: number | undefined
  readonly tools: number | undefined
  readonly delayMs: number | undefined
  readonly firstMs: number | undefined
  readonly headersMs: number | undefined
  readonly keepaliveMs: number | undefined
  readonly fault: Fault | undefined
  readonly status: ScriptedStatus | undefined
  readonly retryAfterSeconds: number | undefined
  readonly concurrency: number | undefined
  readonly usage: UsageMode | undefined
  readonly frame: Frame | undefined
  readonly finish: FinishReason | undefined
}

const LINE = /^[ \t]*standin:(.*)$/gm
const MAX_TOKENS = 1_000_000
/** Their ids count with two digits. */
const MAX_CALLS = 99
const HOUR_MS = 3_600_000

/** Returns the message without its directive lines: the question itself. */
export function withoutDirectives(message: string): string {
  return message.replace(LINE, '').trim()
}

/**
 * Returns the directives of a message.
 * @throws {ApiError} 400 naming the directive that is unknown, repeated or has a bad value
 */
export function parseDirectives(message: string): Directives {
  const given = new Map<string, string>()
  for (const [, line = ''] of message.matchAll(LINE)) readPairs(line, given)

  const faults: Fault[] = []
  for (const kind of FAULT_KINDS) {
    const after = takeIntegerOr(given, kind, MAX_TOKENS, 'finish')
    if (after !== undefined) faults.push({ kind, after })
  }
  const directives: Directives = {
    text: take(given, 'text'),
    tokens: takeInteger(given, 'tokens', MAX_TOKENS),
    reasoning: takeInteger(given, 'reasoning', MAX_TOKENS),
    tools: takeInteger(given, 'tools', MAX_CALLS),
    delayMs: takeInteger(given, 'delay', HOUR_MS),
    firstMs: takeInteger(given, 'first', HOUR_MS),
    headersMs: takeInteger(given, 'headers', HOUR_MS),
    keepaliveMs: takeSeconds(given, 'keepalive'),
    fault: faults[0],
    status: takeChoice(given, 'status', SCRIPTED_STATUSES),
    retryAfterSeconds: takeInteger(given, 'retry_after', HOUR_MS / 1000),
    concurrency: takeInteger(given, 'concurrency', MAX_TOKENS),
    usage: takeChoice(given, 'usage', USAGE_MODES),
    frame: takeChoice(given, 'frame', FRAMES),
    finish: takeChoice(given, 'finish', FINISH_REASONS),
  }
  for (const name of given.keys()) throw refusal(`unknown directive ${name}`)
  if (faults.length > 1) throw refusal(`only one of ${FAULT_KINDS.join(', ')} can happen`)
  if (directives.retryAfterSeconds !== undefined && directives.status === undefined) {
    throw refusal('retry_after needs status')
  }
  return directives
}
