/** Reads the server-sent events of a streamed chat completion. */

import type { Readable } from 'node:stream'
import { createParser } from 'eventsource-parser'
import type { ChatChunk } from '../domain/upstream-event.ts'
import { Failure } from '../failure.ts'
import { parseChatChunk } from './chat-chunk.ts'
import { type StreamLimits, timedOut, watchStream } from './stream-watch.ts'

/** 384K tokens, the longest answer, are about 120 MB on the wire. */
export const MAX_STREAM_BYTES = 256 * 1024 * 1024
/** One event, in characters. */
export const MAX_EVENT = 1024 * 1024
/** After the end mark the rest is read for so long (ms), so that the connection can be used again. */
const DRAIN_MS = 1000

/**
 * Yields the pieces of the answer and returns when it is whole: at the end mark `[DONE]`, or at the
 * end of the body if a finish reason was seen.
 * @throws {Failure} upstream_interrupted (cut, blank, not the protocol), upstream_timeout, or what
 *   the provider reports inside the stream
 */
export async function* readChatStream(
  body: Readable,
  limits: StreamLimits,
): AsyncGenerator<ChatChunk, void> {
  const events: string[] = []
  const parser = createParser({
    onEvent: ({ data }) => events.push(data),
    onError: (error) => {
      if (error.type === 'max-buffer-size-exceeded') body.destroy(interrupted('event too long'))
    },
    maxBufferSize: MAX_EVENT,
  })
  const decoder = new TextDecoder()
  const watch = watchStream(limits, (limit) => {
    body.destroy(timedOut(limit))
  })
  // The loop below reports errors; this one is for those that come after it.
  body.on('error', () => {})
  let bytes = 0
  let finished = false
  let done = false
  try {
    for await (const piece of body.iterator({ destroyOnReturn: false })) {
      watch.onBytes()
      bytes += piece.length
      if (bytes > MAX_STREAM_BYTES) throw interrupted('answer too long')
      parser.feed(decoder.decode(piece, { stream: true }))
      for (const data of events.splice(0)) {
        if (data === '[DONE]') {
          done = true
          return
        }
        watch.onPayload()
        const chunk = parseChatChunk(data)
        if (chunk.finishReason !== null) finished = true
        if (finished) watch.onFinish()
        yield chunk
      }
    }
  } catch (error) {
    // With the finish reason the answer is whole, however the connection ends.
    if (!finished) throw error instanceof Failure ? error : interrupted(error)
  } finally {
    watch.stop()
    if (done) drain(body)
    else body.destroy()
  }
  if (!finished) throw interrupted(bytes === 0 ? 'empty answer' : 'no finish reason')
}

/** Reads what still comes of a body whose end mark was seen. */
export function drain(body: Readable): void {
  const timer = setTimeout(() => body.destroy(), DRAIN_MS)
  body.once('close', () => clearTimeout(timer))
  body.resume()
}

/** Returns the failure of an answer that did not come to its end. */
export function interrupted(cause: unknown): Failure {
  const error = typeof cause === 'string' ? new Error(cause) : cause
  return new Failure('upstream_interrupted', {}, { cause: error })
}
