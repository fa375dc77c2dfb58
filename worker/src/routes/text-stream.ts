/** Answers that are sent while they are being made, at the pace at which the client takes them. */

/** Pieces are sent together from this size on (UTF-16 units). */
const CHUNK_CHARACTERS = 32_768

/**
 * Returns the answer that sends the pieces. What fails before the first piece is thrown, so that it
 * becomes a status; what fails later breaks the connection, so that nobody takes a part for the whole.
 * @param pieces an empty one sends what there is, and is where it ends if the client has left
 * @param chunkCharacters pieces are sent together up to this size; 1: each as it comes
 */
export async function textStream(
  pieces: AsyncGenerator<string, void>,
  headers: Readonly<Record<string, string>>,
  chunkCharacters = CHUNK_CHARACTERS,
): Promise<Response> {
  const encoder = new TextEncoder()
  let ahead = await nextChunk(pieces, chunkCharacters)
  const body = new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        if (ahead === undefined) return controller.close()
        controller.enqueue(encoder.encode(ahead))
        ahead = await nextChunk(pieces, chunkCharacters)
      },
      cancel: async () => {
        await pieces.return()
      },
    },
    { highWaterMark: 0 },
  )
  return new Response(body, { headers: { ...headers, 'X-Accel-Buffering': 'no' } })
}

/** Returns the next pieces together, undefined after the last; empty if there is nothing to send yet. */
async function nextChunk(
  pieces: AsyncGenerator<string, void>,
  characters: number,
): Promise<string | undefined> {
  let chunk = ''
  while (chunk.length < characters) {
    const { done, value } = await pieces.next()
    if (done) return chunk === '' ? undefined : chunk
    if (value === '') return chunk
    chunk += value
  }
  return chunk
}
