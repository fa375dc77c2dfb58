/** Answers that are streams of server-sent events. */

/**
 * `no-transform` and `X-Accel-Buffering` keep every proxy in between from compressing the stream or
 * holding it back.
 */
export const STREAM_HEADERS = {
  'Content-Type': 'text/event-stream; charset=utf-8',
  'Cache-Control': 'no-cache, no-transform',
  'X-Accel-Buffering': 'no',
}

/**
 * Returns the answer that sends what `frames` yields, at the pace at which the client takes it.
 * @param gone aborted when the client is gone; `frames` gets its signal
 */
export function eventStream(
  frames: (signal: AbortSignal) => AsyncGenerator<string, void>,
  gone = new AbortController(),
): Response {
  const encoder = new TextEncoder()
  const iterator = frames(gone.signal)
  const body = new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const { done, value } = await iterator.next()
        if (gone.signal.aborted) return
        if (done) controller.close()
        else controller.enqueue(encoder.encode(value))
      },
      cancel: () => gone.abort(),
    },
    { highWaterMark: 0 },
  )
  return new Response(body, { headers: STREAM_HEADERS })
}
