/** Reads a streamed answer that is passed on as it is. */

import type { Readable } from 'node:stream'
import type { ChatChunk, ForwardEvent, ForwardedPiece } from '../domain/upstream-event.ts'
import { Failure } from '../failure.ts'
import { parseChatEvent } from './chat-chunk.ts'
import { drain, interrupted, MAX_EVENT, MAX_STREAM_BYTES } from './chat-stream.ts'
import { createFrameCutter, type Frame } from './event-frames.ts'
import { type StreamLimits, timedOut, watchStream } from './stream-watch.ts'

/**
 * Yields the bytes of the answer as they come, cut at the ends of events, and what they say; the last with
 * the end mark. Time in which nobody asks for more is not the provider's.
 * @param wantsUsage whether an event that holds nothing but the usage is passed on
 * @throws {Failure} upstream_interrupted (cut, blank, not the protocol), upstream_timeout, or what
 *   the provider reports inside the stream, whose bytes are not passed on
 */
export async function* readForwardedStream(
  body: Readable,
  limits: StreamLimits,
  wantsUsage: boolean,
): AsyncGenerator<ForwardEvent, void> {
  const cutter = createFrameCutter()
  const watch = watchStream(limits, (limit) => {
    body.destroy(timedOut(limit))
  })
  // The loop below reports errors; this one is for those that come after it.
  body.on('error', () => {})
  let bytes = 0
  let finished = false
  let done = false

  /** Returns what the frames hold up to the first that is wrong, and what is wrong with it. */
  function read(frames: readonly Frame[]): { piece: Piece; error?: unknown } {
    const piece: Piece = { kind: 'alive', parts: [], chunks: [] }
    for (const frame of frames) {
      try {
        take(piece, frame)
      } catch (error) {
        return { piece, error }
      }
      if (piece.kind === 'end') break
    }
    return { piece }
  }

  function take(piece: Piece, frame: Frame): void {
    const data = frame.isEvent ? dataOf(frame.bytes) : undefined
    if (data === '[DONE]') {
      piece.kind = 'end'
    } else if (data !== undefined) {
      watch.onPayload()
      const { chunk, hasChoice } = parseChatEvent(data)
      if (chunk.finishReason !== null) finished = true
      if (finished) watch.onFinish()
      piece.kind = 'piece'
      piece.chunks.push(chunk)
      if (!hasChoice && chunk.usage !== null && !wantsUsage) return
    }
    piece.parts.push(frame.bytes)
  }

  function* pass(frames: readonly Frame[]): Generator<ForwardEvent, void> {
    const { piece, error } = read(frames)
    if (piece.parts.length > 0 || piece.chunks.length > 0) {
      done = piece.kind === 'end'
      watch.pause()
      yield eventOf(piece)
      watch.resume()
    }
    if (error !== undefined) throw error
  }

  try {
    for await (const chunk of body.iterator({ destroyOnReturn: false })) {
      watch.onBytes()
      bytes += chunk.length
      if (bytes > MAX_STREAM_BYTES) throw interrupted('answer too long')
      yield* pass(cutter.feed(chunk))
      if (done) return
      if (cutter.pendingBytes() > MAX_EVENT) throw interrupted('event too long')
    }
    yield* pass(cutter.flush())
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

interface Piece {
  kind: 'alive' | ForwardedPiece['kind']
  readonly parts: Buffer[]
  readonly chunks: ChatChunk[]
}

function eventOf({ kind, parts, chunks }: Piece): ForwardEvent {
  const bytes = parts.length === 1 && parts[0] !== undefined ? parts[0] : Buffer.concat(parts)
  return kind === 'alive' ? { kind, bytes } : { kind, bytes, chunks }
}

/** Returns the data of a whole event, or undefined if it has none. */
function dataOf(event: Buffer): string | undefined {
  const lines = event.toString('utf8').split(/\r\n|[\r\n]/)
  const data = lines.filter((line) => line === 'data' || line.startsWith('data:'))
  if (data.length === 0) return undefined
  return data.map((line) => line.slice('data:'.length).replace(/^ /, '')).join('\n')
}
