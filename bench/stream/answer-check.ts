/** Whether an answer is the right one, whole and properly ended. */

import { createParser, type EventSourceMessage } from 'eventsource-parser'
import type { Dialect } from './client-task.ts'

export interface AnswerCheck {
  /** Takes what has arrived; returns how many of the expected deltas are there in full. */
  feed(bytes: Buffer): number
  /** Returns what is wrong with the answer, which has ended; undefined if nothing is. */
  fault(): string | undefined
}

interface Told {
  readonly text?: string
  readonly done?: boolean
  readonly error?: string
}

/** Reads a streamed answer that should consist of these deltas, however they are cut and joined. */
export function checkStream(dialect: Dialect, deltas: readonly string[]): AnswerCheck {
  let text = ''
  let here = 0
  /** Length of the first `here` deltas together. */
  let length = 0
  let isDone = false
  let error: string | undefined
  const read = READERS[dialect]
  const decoder = new TextDecoder()
  const parser = createParser({
    onEvent(event) {
      const told = read(event)
      text += told.text ?? ''
      if (isDone) error ??= 'something after the end'
      isDone ||= told.done === true
      error ??= told.error
    },
  })
  return {
    feed(bytes) {
      parser.feed(decoder.decode(bytes, { stream: true }))
      while (here < deltas.length && length + (deltas[here] ?? '').length <= text.length) {
        length += (deltas[here] ?? '').length
        here += 1
      }
      return here
    },
    fault() {
      if (error !== undefined) return error
      if (!isDone) return 'no end mark'
      return text === deltas.join('') ? undefined : 'wrong text'
    },
  }
}

/** Returns what is wrong with a streamed answer that is there in full; undefined if nothing is. */
export function faultOfStream(
  dialect: Dialect,
  deltas: readonly string[],
  body: Buffer,
): string | undefined {
  const check = checkStream(dialect, deltas)
  check.feed(body)
  return check.fault()
}

/** Returns what is wrong with an answer that came as one JSON; undefined if nothing is. */
export function faultOfWhole(
  dialect: Dialect,
  deltas: readonly string[],
  body: Buffer,
): string | undefined {
  const answer = JSON.parse(body.toString('utf8'))
  const text = dialect === 'chat' ? answer.content : answer.choices?.[0]?.message?.content
  return text === deltas.join('') ? undefined : 'wrong text'
}

const READERS: Readonly<Record<Dialect, (event: EventSourceMessage) => Told>> = {
  openai({ data }) {
    if (data === '[DONE]') return { done: true }
    const { error, choices = [] } = JSON.parse(data)
    if (error !== undefined) return { error: `error event: ${error.message}` }
    return { text: choices[0]?.delta?.content ?? '' }
  },
  chat({ event, data }) {
    if (event === 'content') return { text: JSON.parse(data).text }
    if (event === 'error') return { error: `error event: ${JSON.parse(data).code}` }
    if (event === 'done') return { done: JSON.parse(data).ending === 'done' }
    return {}
  },
}
