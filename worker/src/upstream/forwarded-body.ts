/** Reads an answer that is not streamed and passed on as it is. */

import type { Readable } from 'node:stream'
import type { ForwardEvent } from '../domain/upstream-event.ts'
import { Failure } from '../failure.ts'
import { parseCompletion } from './chat-chunk.ts'
import { interrupted } from './chat-stream.ts'
import { timedOut } from './stream-watch.ts'

/** The longest answer with logprobs of a few alternatives. */
const MAX_BYTES = 64 * 1024 * 1024

/**
 * Yields the answer once it is whole, so that whatever is wrong with it can still be an HTTP status. Empty
 * lines before it, which the provider sends while the call waits, are part of it.
 * @param waitMs how long it may take
 * @throws {Failure} upstream_interrupted (cut, blank, no JSON), upstream_timeout, or the error it holds
 */
export async function* readForwardedBody(
  body: Readable,
  waitMs: number,
): AsyncGenerator<ForwardEvent, void> {
  const timer = setTimeout(() => body.destroy(timedOut('firstPayloadMs')), waitMs)
  const pieces: Buffer[] = []
  let size = 0
  try {
    for await (const piece of body) {
      size += piece.length
      if (size > MAX_BYTES) throw interrupted('answer too long')
      pieces.push(piece)
    }
  } catch (error) {
    throw error instanceof Failure ? error : interrupted(error)
  } finally {
    clearTimeout(timer)
    body.destroy()
  }
  const bytes = Buffer.concat(pieces)
  const text = bytes.toString('utf8')
  if (text.trim() === '') throw interrupted('empty answer')
  yield { kind: 'end', bytes, chunks: [parseCompletion(text)] }
}
