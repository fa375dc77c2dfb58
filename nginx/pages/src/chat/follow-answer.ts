/** Follows one answer from its stream into a signal, a frame at a time. */

import type { Signal } from '@preact/signals'
import type { ChatEvents } from '#contract/chat-events.ts'
import { plainTrouble, problemTrouble, type Trouble } from '../api/trouble.ts'
import { chat as words } from '../words/current.ts'
import { type Answer, applyEvent, endOfStream } from './answer.ts'
import type { ChatEvent } from './chat-event.ts'
import { createFrameBatch, type Schedule } from './frame-batch.ts'
import { readAnswer } from './read-answer.ts'

export interface FollowDeps {
  readonly schedule: Schedule
  /** Unix ms. */
  readonly now: () => number
  /** Called at the first event: the server has accepted the message. Returns where to write. */
  readonly onStart: (start: ChatEvents['start']) => Signal<Answer>
}

/**
 * Reads an answer to its end, however it ends. Returns why the message was not accepted, or
 * undefined if it was: from then on the answer itself says what went wrong.
 */
export async function followAnswer(
  stream: ReadableStream<Uint8Array>,
  { schedule, now, onStart }: FollowDeps,
): Promise<Trouble | undefined> {
  let answer: Signal<Answer> | undefined
  let refusal: Trouble | undefined
  const batch = createFrameBatch<ChatEvent>(schedule, (events) => {
    if (answer === undefined) return
    answer.value = events.reduce((soFar, event) => applyEvent(soFar, event, now()), answer.value)
  })
  const onEvent = (event: ChatEvent): void => {
    if (answer !== undefined) batch.add(event)
    else if (event.name === 'start') answer = onStart(event.data)
    else if (event.name === 'error') refusal = problemTrouble(event.data)
  }
  // Why the stream broke off does not matter: what is missing shows in the answer.
  await readAnswer(stream, onEvent).catch(() => undefined)
  batch.flush()
  if (answer === undefined) return refusal ?? plainTrouble(words.statusFailed, words.cutBeforeStart)
  answer.value = endOfStream(answer.value, now())
  return undefined
}
