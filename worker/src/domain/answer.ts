/** The text of one answer while it grows, and the positions from which it can be read on. */

import { formatPosition } from '#contract/chat-events.ts'
import { type ByteText, createByteText } from './byte-text.ts'

export interface Answer {
  readonly reasoning: ByteText
  readonly content: ByteText
}

/** How much of each part a reader has: UTF-8 bytes. */
export interface AnswerPosition {
  readonly reasoning: number
  readonly content: number
}

export interface AnswerDelta {
  readonly part: 'reasoning' | 'content'
  readonly text: string
  /** Where the reader is once it has this delta. */
  readonly position: AnswerPosition
}

export const ANSWER_START: AnswerPosition = { reasoning: 0, content: 0 }

/** One delta holds at most so many bytes, so that a reader far behind takes them in bites. */
const MAX_DELTA_BYTES = 16 * 1024

export function createAnswer(): Answer {
  return { reasoning: createByteText(), content: createByteText() }
}

/** Returns what follows the position, reasoning first, or undefined if nothing does yet. */
export function nextDelta(answer: Answer, position: AnswerPosition): AnswerDelta | undefined {
  for (const part of ['reasoning', 'content'] as const) {
    const from = position[part]
    if (from >= answer[part].length) continue
    const text = answer[part].read(from, MAX_DELTA_BYTES)
    return { part, text, position: { ...position, [part]: from + Buffer.byteLength(text) } }
  }
  return undefined
}

/** Returns the position as SSE id, `r<bytes>.c<bytes>`. */
export function positionId(position: AnswerPosition): string {
  return formatPosition(position.reasoning, position.content)
}

/** Returns the position that an SSE id stands for, or undefined if it is none. */
export function parsePosition(id: string): AnswerPosition | undefined {
  const match = /^r(\d{1,12})\.c(\d{1,12})$/.exec(id)
  return match === null ? undefined : { reasoning: Number(match[1]), content: Number(match[2]) }
}

/**
 * Returns true if the answer can be read on from this position.
 * @param mayBeAhead whether a reader may have more than we do: it had it from another worker, which
 *   tells what it sends a little later, or not any more if it died
 */
export function isPosition(answer: Answer, position: AnswerPosition, mayBeAhead: boolean): boolean {
  return (['reasoning', 'content'] as const).every(
    (part) =>
      answer[part].isBoundary(position[part]) ||
      (mayBeAhead && position[part] > answer[part].length),
  )
}
