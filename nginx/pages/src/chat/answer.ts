/** One answer of the model while it arrives and after it ended: pure steps from event to event. */

import type { ChatEvents, ChatUsage } from '#contract/chat-events.ts'
import { problemTrouble, type Trouble } from '../api/trouble.ts'
import type { ChatEvent } from './chat-event.ts'

/** `cut` means that the stream broke off without saying how the answer ended. */
export type AnswerPhase = 'streaming' | 'stopping' | 'done' | 'stopped' | 'failed' | 'cut'

export interface Answer {
  readonly generationId: string
  readonly requestId: string
  readonly phase: AnswerPhase
  readonly model: string
  readonly reasoning: string
  readonly content: string
  /** When the first reasoning arrived, Unix ms. */
  readonly reasoningSince: number | undefined
  /** How long the model reasoned, in ms, once it went on to the answer itself. */
  readonly reasoningMs: number | undefined
  readonly usage: ChatUsage | undefined
  readonly finishReason: string | null
  /** Why it failed. */
  readonly trouble: Trouble | undefined
}

/** Returns the answer at its first event. */
export function beginAnswer(start: ChatEvents['start']): Answer {
  return {
    generationId: start.generation_id,
    requestId: start.request_id,
    phase: 'streaming',
    model: start.model,
    reasoning: '',
    content: '',
    reasoningSince: undefined,
    reasoningMs: undefined,
    usage: undefined,
    finishReason: null,
    trouble: undefined,
  }
}

/** Tells whether more of the answer may come. */
export function isRunning(answer: Answer): boolean {
  return answer.phase === 'streaming' || answer.phase === 'stopping'
}

/**
 * Returns the answer after one more event; an answer that has ended stays as it is.
 * @param now Unix ms
 */
export function applyEvent(answer: Answer, event: ChatEvent, now: number): Answer {
  if (!isRunning(answer)) return answer
  switch (event.name) {
    case 'start':
      return answer
    case 'reasoning':
      return {
        ...answer,
        reasoning: answer.reasoning + event.data.text,
        reasoningSince: answer.reasoningSince ?? now,
      }
    case 'content':
      return { ...endReasoning(answer, now), content: answer.content + event.data.text }
    case 'usage':
      return { ...answer, usage: event.data, model: event.data.model }
    case 'done':
      return {
        ...endReasoning(answer, now),
        phase: event.data.ending,
        finishReason: event.data.finish_reason,
      }
    case 'error':
      return {
        ...endReasoning(answer, now),
        phase: 'failed',
        trouble: problemTrouble(event.data),
      }
  }
}

/** Returns the answer after its owner asked to stop it; what is on its way still arrives. */
export function askToStop(answer: Answer): Answer {
  return answer.phase === 'streaming' ? { ...answer, phase: 'stopping' } : answer
}

/** Returns the answer after the server did not take the request to stop it. */
export function keepGoing(answer: Answer): Answer {
  return answer.phase === 'stopping' ? { ...answer, phase: 'streaming' } : answer
}

/**
 * Returns the answer after its stream ended: without a terminal event it was cut off, or stopped if
 * that is what its owner had asked for.
 */
export function endOfStream(answer: Answer, now: number): Answer {
  if (!isRunning(answer)) return answer
  const phase = answer.phase === 'stopping' ? 'stopped' : 'cut'
  return { ...endReasoning(answer, now), phase }
}

function endReasoning(answer: Answer, now: number): Answer {
  if (answer.reasoningSince === undefined || answer.reasoningMs !== undefined) return answer
  return { ...answer, reasoningMs: Math.max(0, now - answer.reasoningSince) }
}
