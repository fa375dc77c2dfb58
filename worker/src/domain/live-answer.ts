/** An answer as its listeners see it, wherever it runs: here, in another worker, or over for long. */

import type { ChatEvents, ChatUsage } from '#contract/chat-events.ts'
import type { Failure } from '../failure.ts'
import type { Answer } from './answer.ts'
import type { TurnEnding } from './turn.ts'

export interface LiveAnswer {
  readonly start: ChatEvents['start']
  /** Grows until the end. */
  readonly answer: Answer
  /** Returns the end once there is nothing more to come. */
  end(): AnswerEnd | undefined
  /** Resolves at the next change of `answer` or `end()`. */
  changed(): Promise<void>
}

export interface AnswerEnd {
  readonly ending: TurnEnding
  readonly finishReason: string | null
  /** Undefined for an answer that failed before it began. */
  readonly usage: ChatUsage | undefined
  /** Undefined for `done` and `stopped`. */
  readonly failure: Failure | undefined
}

/** Returns an answer that is over. */
export function overAnswer(start: ChatEvents['start'], answer: Answer, end: AnswerEnd): LiveAnswer {
  return { start, answer, end: () => end, changed: () => new Promise(() => {}) }
}
