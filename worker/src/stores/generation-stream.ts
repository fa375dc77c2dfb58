/**
 * Running answers in Redis, one stream each, so that another worker can show an answer or settle it.
 * An entry says from which byte its text goes on, so telling something twice does no harm, and after
 * a Redis that has lost its memory everything is told again.
 */

import type { Redis } from 'ioredis'
import type { ChatEvents } from '#contract/chat-events.ts'
import { formatPosition } from '#contract/chat-events.ts'
import { generationKey } from '#contract/redis-keys.ts'
import { type Answer, type AnswerPosition, createAnswer, parsePosition } from '../domain/answer.ts'
import type { CallProgress } from '../domain/call-record.ts'
import type { AnswerEnd } from '../domain/live-answer.ts'
import type { PartialAnswers } from '../domain/partial-answer.ts'
import { receivedTokens } from '../domain/token-estimate.ts'
import { UNSERVED } from '../domain/usage-meter.ts'
import { Failure } from '../failure.ts'
import { viaRedis } from './redis.ts'

/** One thing told of an answer; what an entry does not hold is undefined. */
export interface GenerationEntry {
  /** The first event, and the worker that runs it. */
  readonly begun?: { readonly start: ChatEvents['start']; readonly workerId: string }
  /** Text that follows the position `from`. */
  readonly text?: {
    readonly from: AnswerPosition
    readonly reasoning: string
    readonly content: string
  }
  readonly progress?: CallProgress
  /** The end, told only while it cannot be stored. */
  readonly end?: AnswerEnd
}

export interface ReadEntry extends GenerationEntry {
  /** Id of the stream entry. */
  readonly at: string
}

export interface GenerationStream extends PartialAnswers {
  /** Tells entries of several generations at once; returns what became of each. */
  tell(news: readonly News[]): Promise<readonly Told[]>
  /** @throws {Failure} session_store_unavailable */
  has(uid: string, id: string): Promise<boolean>
  /**
   * Returns what was told after the entry `after` (undefined: all), at most PAGE entries; undefined
   * if there is no such stream. @throws {Failure} session_store_unavailable
   */
  readAfter(
    uid: string,
    id: string,
    after: string | undefined,
  ): Promise<readonly ReadEntry[] | undefined>
}

/** `gone`: Redis has no such stream (any more), and what is told does not begin it. */
export type Told = 'taken' | 'gone' | 'failed'

export interface News {
  readonly uid: string
  readonly id: string
  readonly entry: GenerationEntry
}

/** What a sweeper may need beyond the end of an answer, ms. */
const SWEEP_MS = 3_600_000
const PAGE = 1000

/** @param answerMs the longest time that an answer may take, waiting included */
export function createGenerationStream(redis: Redis, answerMs: number): GenerationStream {
  async function readAfter(uid: string, id: string, after: string | undefined) {
    const key = generationKey(uid, id)
    const from = after === undefined ? '-' : `(${after}`
    const entries = await viaRedis(redis.xrange(key, from, '+', 'COUNT', PAGE))
    if (entries.length === 0 && (await viaRedis(redis.exists(key))) === 0) return undefined
    return entries.map(([at, fields]) => ({ at, ...decodeEntry(fields) }))
  }

  return {
    async tell(news) {
      const pipeline = redis.pipeline()
      for (const { uid, id, entry } of news) {
        const key = generationKey(uid, id)
        // Nothing but a beginning makes a stream, or one that was dropped would come back for ever.
        if (entry.begun !== undefined) pipeline.xadd(key, '*', ...encodeEntry(entry))
        else pipeline.xadd(key, 'NOMKSTREAM', '*', ...encodeEntry(entry))
      }
      for (const { uid, id, entry } of news) {
        if (entry.begun !== undefined) pipeline.pexpire(generationKey(uid, id), answerMs + SWEEP_MS)
      }
      const replies = await pipeline.exec().catch(() => null)
      return news.map((_, n) => {
        const [error, reply] = replies?.[n] ?? [new Error('no reply')]
        if (error !== null) return 'failed'
        return reply === null ? 'gone' : 'taken'
      })
    },

    has: async (uid, id) => (await viaRedis(redis.exists(generationKey(uid, id)))) === 1,

    readAfter,

    async read(uid, id) {
      const answer = createAnswer()
      let progress: CallProgress | undefined
      let after: string | undefined
      for (;;) {
        const entries = await readAfter(uid, id, after)
        if (entries === undefined || (entries.length === 0 && after === undefined)) return undefined
        for (const entry of entries) {
          if (entry.text !== undefined) appendText(answer, entry.text)
          progress = entry.progress ?? progress
          after = entry.at
        }
        if (entries.length < PAGE) break
      }
      const reasoning = answer.reasoning.toString()
      const content = answer.content.toString()
      const received = receivedTokens(reasoning, content)
      return { ...NO_PROGRESS, ...progress, reasoning, content, received }
    },

    async drop(uid, id) {
      await redis.del(generationKey(uid, id)).catch(() => undefined)
    },
  }
}

const NO_PROGRESS: CallProgress = {
  finishReason: null,
  model: null,
  firstTokenMs: null,
  upstreamId: null,
  traceId: null,
  keyId: null,
  meter: UNSERVED,
}

/**
 * Adds told text to an answer: what is there already is skipped, and so is what follows a gap, which
 * only a Redis that lost its memory can leave.
 */
export function appendText(answer: Answer, text: NonNullable<GenerationEntry['text']>): void {
  for (const part of ['reasoning', 'content'] as const) {
    const known = answer[part].length - text.from[part]
    if (known < 0 || text[part] === '') continue
    const bytes = Buffer.from(text[part])
    if (known < bytes.length) answer[part].append(bytes.toString('utf8', known))
  }
}

function encodeEntry({ begun, text, progress, end }: GenerationEntry): readonly string[] {
  const fields: string[] = []
  if (begun !== undefined) fields.push('begun', JSON.stringify(begun))
  if (text !== undefined) {
    fields.push('from', formatPosition(text.from.reasoning, text.from.content))
    if (text.reasoning !== '') fields.push('reasoning', text.reasoning)
    if (text.content !== '') fields.push('content', text.content)
  }
  if (progress !== undefined) fields.push('progress', JSON.stringify(progress))
  if (end !== undefined) fields.push('end', JSON.stringify({ ...end, failure: plain(end.failure) }))
  return fields
}

function plain(failure: Failure | undefined) {
  return failure && { code: failure.code, details: failure.details }
}

/** Our own entries only: whoever can write to Redis can do worse. */
function decodeEntry(fields: readonly string[]): GenerationEntry {
  const field = new Map<string, string>()
  for (let n = 0; n < fields.length; n += 2) field.set(fields[n] ?? '', fields[n + 1] ?? '')
  const json = <T>(name: string): T | undefined => {
    const text = field.get(name)
    return text === undefined ? undefined : (JSON.parse(text) as T)
  }
  const begun = json<NonNullable<GenerationEntry['begun']>>('begun')
  const progress = json<CallProgress>('progress')
  const end = json<AnswerEnd>('end')
  const from = parsePosition(field.get('from') ?? '')
  return {
    ...(begun && { begun }),
    ...(progress && { progress }),
    ...(from && {
      text: { from, reasoning: field.get('reasoning') ?? '', content: field.get('content') ?? '' },
    }),
    ...(end && {
      end: { ...end, failure: end.failure && new Failure(end.failure.code, end.failure.details) },
    }),
  }
}
