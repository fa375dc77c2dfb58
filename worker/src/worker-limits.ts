/** How long and how large what passes the worker may be; every one is a setting. */

import { parseByteSize } from '#contract/byte-size.ts'
import { parseDuration } from '#contract/duration.ts'
import { type Setting, withDefault } from './env-setting.ts'

export interface WorkerLimits {
  /** Longest wait for the first piece of an answer while the provider's keep-alives come. */
  readonly firstPayloadMs: number
  /** Longest silence: of any sign of life before the first piece, of pieces after it. */
  readonly payloadIdleMs: number
  /** Longest answer, from its first piece: time spent in the provider's queue is not taken from it. */
  readonly answerMs: number
  /** Largest answer, reasoning included: UTF-8 bytes of its text. */
  readonly answerBytes: number
  /** Longest message of a person: UTF-16 units. */
  readonly messageCharacters: number
  /** Largest body of a request. */
  readonly bodyBytes: number
  /** How long running answers may go on after the stop signal. */
  readonly graceMs: number
}

/** Longer timers would not fit Node's, which is 24 days. */
const MAX_WAIT_MS = 86_400_000
/** More does not fit a row of `messages` beside what else goes over the connection with it. */
const MAX_ANSWER_BYTES = 8 * 1024 * 1024
const MAX_MESSAGE_CHARACTERS = 1_000_000
/** Docker Compose waits a little longer than this for a worker that stops. */
const MAX_GRACE_MS = 600_000

/** A character may be `\u0000` in JSON; the other fields of a chat need less than this. */
const BYTES_PER_CHARACTER = 6
const OTHER_FIELDS_BYTES = 4096

const WAIT = 'a duration such as 30s or 15m, at most 24h'

export const LIMIT_SETTINGS = {
  firstPayloadMs: withDefault('WORKER_FIRST_PAYLOAD', '630s', atMost(MAX_WAIT_MS), WAIT),
  payloadIdleMs: withDefault('WORKER_PAYLOAD_IDLE', '120s', atMost(MAX_WAIT_MS), WAIT),
  answerMs: withDefault('WORKER_ANSWER_TIME', '15m', atMost(MAX_WAIT_MS), WAIT),
  answerBytes: withDefault('WORKER_ANSWER_BYTES', '8m', parseAnswerSize, 'a size of at most 8m'),
  messageCharacters: withDefault(
    'WORKER_MESSAGE_CHARACTERS',
    '32000',
    parseCharacters,
    `a number from 1 to ${MAX_MESSAGE_CHARACTERS}`,
  ),
  bodyBytes: withDefault('WORKER_BODY_BYTES', '256k', parseByteSize, 'a size such as 256k or 1m'),
  graceMs: withDefault('WORKER_GRACE', '10s', atMost(MAX_GRACE_MS), 'a duration of at most 10m'),
} satisfies { readonly [K in keyof WorkerLimits]: Setting<WorkerLimits[K]> }

/** Returns what is wrong with limits that are each right by itself, one line each. */
export function limitClashes({
  messageCharacters,
  bodyBytes,
}: Pick<WorkerLimits, 'messageCharacters' | 'bodyBytes'>): readonly string[] {
  const needed = messageCharacters * BYTES_PER_CHARACTER + OTHER_FIELDS_BYTES
  if (bodyBytes >= needed) return []
  return [
    `WORKER_BODY_BYTES must be at least ${Math.ceil(needed / 1024)}k, or a message of WORKER_MESSAGE_CHARACTERS may not fit`,
  ]
}

/** Returns the longest that an answer can take from the question to its end. */
export function longestAnswerMs({
  firstPayloadMs,
  answerMs,
}: Pick<WorkerLimits, 'firstPayloadMs' | 'answerMs'>): number {
  return firstPayloadMs + answerMs
}

function parseAnswerSize(text: string): number | undefined {
  const bytes = parseByteSize(text)
  return bytes !== undefined && bytes <= MAX_ANSWER_BYTES ? bytes : undefined
}

function parseCharacters(text: string): number | undefined {
  const count = /^\d{1,7}$/.test(text) ? Number(text) : 0
  return count >= 1 && count <= MAX_MESSAGE_CHARACTERS ? count : undefined
}

function atMost(maxMs: number): (text: string) => number | undefined {
  return (text) => {
    const ms = parseDuration(text)
    return ms !== undefined && ms <= maxMs ? ms : undefined
  }
}
