/** An answer as server-sent events, for one listener (contract/chat-events.ts). */

import type { ChatEvents } from '#contract/chat-events.ts'
import type { Lang } from '#contract/lang.ts'
import { makeProblem } from '#contract/problem.ts'
import { type AnswerPosition, nextDelta, positionId } from '../domain/answer.ts'
import type { AnswerEnd, LiveAnswer } from '../domain/live-answer.ts'

/** A comment at once and then every 15 s: proxies see life, and clients that the call is admitted. */
const HEARTBEAT_MS = 15_000
const HEARTBEAT = ': ping\n\n'

/** Deltas are joined for at most 10 ms; timers may be late by two. */
const JOIN_MS = 8

/** Text that one piece may hold, so that a reader far behind takes it in bites. */
const MAX_PIECE = 64 * 1024

/**
 * Yields the events from a position on, the last of them `done` or `error`, and returns; returns
 * early when the signal is aborted. A piece holds all that there is to send at a time, because each
 * costs a write here and a record of TLS in nginx. Pulled by the listener, so that a slow one holds no text of its
 * own: it reads the answer's from its position when it is ready for more.
 */
export async function* answerFrames(
  live: LiveAnswer,
  from: AnswerPosition,
  lang: Lang,
  signal: AbortSignal,
): AsyncGenerator<string, void> {
  const wait = createWait(live, signal)
  yield HEARTBEAT + frame('start', live.start)
  let position = from
  let sentAt = Number.NEGATIVE_INFINITY
  let beatAt = performance.now() + HEARTBEAT_MS
  // No await stands between looking and waiting, or a change in between would be slept through.
  while (!signal.aborted) {
    const end = live.end()
    let piece = ''
    let delta = nextDelta(live.answer, position)
    while (delta !== undefined && piece.length < MAX_PIECE) {
      position = delta.position
      piece += frame(delta.part, { text: delta.text }, positionId(position))
      delta = nextDelta(live.answer, position)
    }
    if (end !== undefined && delta === undefined) {
      yield piece + lastFrames(live.start.request_id, end, lang)
      return
    }
    if (piece !== '') {
      sentAt = performance.now()
      yield piece
    } else if (performance.now() >= beatAt) {
      beatAt = performance.now() + HEARTBEAT_MS
      yield HEARTBEAT
    } else {
      await wait(beatAt - performance.now())
      const early = sentAt + JOIN_MS - performance.now()
      if (early > 0 && live.end() === undefined) await pause(early)
    }
  }
}

function lastFrames(requestId: string, end: AnswerEnd, lang: Lang): string {
  const { failure, finishReason } = end
  const usage = end.usage === undefined ? '' : frame('usage', end.usage)
  if (failure !== undefined) {
    return usage + frame('error', makeProblem(failure.code, requestId, lang, failure.details))
  }
  const ending = end.ending === 'stopped' ? 'stopped' : 'done'
  return usage + frame('done', { finish_reason: finishReason, ending })
}

function frame<E extends keyof ChatEvents>(event: E, data: ChatEvents[E], id?: string): string {
  const idLine = id === undefined ? '' : `id: ${id}\n`
  return `event: ${event}\n${idLine}data: ${JSON.stringify(data)}\n\n`
}

/** Returns a function that waits for the next change, the signal, or at most `ms`. */
function createWait(live: LiveAnswer, signal: AbortSignal): (ms: number) => Promise<void> {
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
      void live.changed().then(awake)
    })
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}
