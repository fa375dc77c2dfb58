/** A generation as server-sent events, for one listener (contract/chat-events.ts). */

import type { ChatEvents } from '#contract/chat-events.ts'
import type { Lang } from '#contract/lang.ts'
import { makeProblem } from '#contract/problem.ts'
import { type AnswerPosition, nextDelta, positionId } from '../domain/answer.ts'
import type { Generation, GenerationEnd } from '../domain/generation.ts'
import { type Turn, usageView } from '../domain/turn.ts'

/** A comment at once and then every 15 s: proxies see life, and clients that the call is admitted. */
const HEARTBEAT_MS = 15_000
const HEARTBEAT = ': ping\n\n'

/** Deltas are joined for at most 10 ms; timers may be late by two. */
const JOIN_MS = 8

/**
 * Yields the events from a position on, the last of them `done` or `error`, and returns; returns
 * early when the signal is aborted. Pulled by the listener, so that a slow one holds no text of its
 * own: it reads the generation's from its position when it is ready for more.
 */
export async function* answerFrames(
  generation: Generation,
  from: AnswerPosition,
  lang: Lang,
  signal: AbortSignal,
): AsyncGenerator<string, void> {
  const wait = createWait(generation, signal)
  yield HEARTBEAT
  yield frame('start', startOf(generation.turn))
  let position = from
  let sentAt = Number.NEGATIVE_INFINITY
  let beatAt = performance.now() + HEARTBEAT_MS
  // No await stands between looking and waiting, or a change in between would be slept through.
  while (!signal.aborted) {
    const delta = nextDelta(generation.answer, position)
    const end = generation.end()
    if (delta !== undefined) {
      position = delta.position
      sentAt = performance.now()
      yield frame(delta.part, { text: delta.text }, positionId(position))
    } else if (end !== undefined) {
      yield* lastFrames(generation.turn, end, lang)
      return
    } else if (performance.now() >= beatAt) {
      beatAt = performance.now() + HEARTBEAT_MS
      yield HEARTBEAT
    } else {
      await wait(beatAt - performance.now())
      const early = sentAt + JOIN_MS - performance.now()
      if (early > 0 && generation.end() === undefined) await pause(early)
    }
  }
}

function startOf(turn: Turn): ChatEvents['start'] {
  return {
    generation_id: turn.id,
    conversation_id: turn.conversationId,
    user_message_id: turn.userMessageId,
    message_id: turn.messageId,
    model: turn.call.model,
    request_id: turn.id,
  }
}

function* lastFrames(turn: Turn, { result, failure }: GenerationEnd, lang: Lang) {
  const answered = result.reasoning !== '' || result.content !== ''
  if (failure === undefined || answered) yield frame('usage', usageView(turn, result))
  if (failure !== undefined) {
    yield frame('error', makeProblem(failure.code, turn.id, lang, failure.details))
    return
  }
  const ending = result.ending === 'stopped' ? 'stopped' : 'done'
  yield frame('done', { finish_reason: result.finishReason, ending })
}

function frame<E extends keyof ChatEvents>(event: E, data: ChatEvents[E], id?: string): string {
  const idLine = id === undefined ? '' : `id: ${id}\n`
  return `event: ${event}\n${idLine}data: ${JSON.stringify(data)}\n\n`
}

/** Returns a function that waits for the next change, the signal, or at most `ms`. */
function createWait(generation: Generation, signal: AbortSignal): (ms: number) => Promise<void> {
  let wake: () => void = () => {}
  signal.addEventListener('abort', () => wake())
  return (ms) =>
    new Promise((resolve) => {
      const timer = setTimeout(resolve, ms)
      const awake = () => {
        clearTimeout(timer)
        resolve()
      }
      wake = awake
      if (signal.aborted) awake()
      void generation.changed().then(awake)
    })
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}
