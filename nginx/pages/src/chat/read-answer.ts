/** Reads the events of an answer from the bytes of its stream. */

import { createParser } from 'eventsource-parser'
import { type ChatEvent, parseChatEvent } from './chat-event.ts'

/**
 * Longest silence, in ms. The server sends a comment every 15 s even while the model says nothing,
 * so a longer gap means that the connection is dead.
 */
const SILENCE_MS = 50_000

/**
 * Hands every event to `onEvent` in order; resolves after a terminal event (`done`, `error`) or at
 * the end of the stream.
 * @throws whatever broke the stream; a TimeoutError after too long a silence
 */
export async function readAnswer(
  stream: ReadableStream<Uint8Array>,
  onEvent: (event: ChatEvent) => void,
  silenceMs: number = SILENCE_MS,
): Promise<void> {
  let isOver = false
  const parser = createParser({
    onEvent: ({ event: name, data }) => {
      const event = parseChatEvent(name, data)
      if (event === undefined || isOver) return
      isOver = event.name === 'done' || event.name === 'error'
      onEvent(event)
    },
  })
  const decoder = new TextDecoder()
  const reader = stream.getReader()
  try {
    while (!isOver) {
      const { done, value } = await withinSilence(reader.read(), silenceMs)
      if (done) return
      parser.feed(decoder.decode(value, { stream: true }))
    }
  } finally {
    // The reader may be stuck in a read; cancelling is what frees the connection.
    reader.cancel().catch(() => undefined)
  }
}

function withinSilence<T>(read: Promise<T>, silenceMs: number): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(
      () => reject(new DOMException('The stream went silent', 'TimeoutError')),
      silenceMs,
    )
    read.then(resolve, reject).finally(() => clearTimeout(timer))
  })
}
