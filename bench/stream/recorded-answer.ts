/** One answer of the stand-in, taken down byte for byte to be given again. */

import type { OutgoingHttpHeaders } from 'node:http'

export interface RecordedAnswer {
  readonly headers: OutgoingHttpHeaders
  /**
   * What goes out at a time when the answer has a pace: one delta, the first with the opening chunk,
   * the last with all that closes the answer. An answer that is not streamed is one piece.
   */
  readonly pieces: readonly Buffer[]
  /** All of them, for an answer without pauses. */
  readonly whole: Buffer
}

/** Chunks of a stream that hold no delta of their own: the opening, the finish and the end mark. */
const OPENING = 1
const CLOSING = 2

/** Names that belong to one connection and not to the answer. */
const OF_THE_CONNECTION = new Set(['connection', 'keep-alive', 'date', 'transfer-encoding'])

/**
 * Asks the stand-in at `url` and returns its answer.
 * @param body the request; a pause between tokens has no part in a recording
 * @throws {Error} unless it is answered with 200
 */
export async function recordAnswer(url: string, body: object): Promise<RecordedAnswer> {
  const response = await fetch(`${url}/chat/completions`, {
    method: 'POST',
    headers: { authorization: 'Bearer sk-recorder', 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })
  const text = await response.text()
  if (response.status !== 200) throw new Error(`the stand-in answered ${response.status}: ${text}`)
  const headers = [...response.headers].filter(([name]) => !OF_THE_CONNECTION.has(name))
  const isStream = response.headers.get('content-type')?.startsWith('text/event-stream') === true
  return {
    headers: Object.fromEntries(headers),
    pieces: (isStream ? piecesOf(text) : [text]).map((piece) => Buffer.from(piece)),
    whole: Buffer.from(text),
  }
}

function piecesOf(text: string): readonly string[] {
  const events = text.split(/(?<=\n\n)/)
  const end = events.length - CLOSING
  const deltas = events.slice(OPENING, end)
  const opening = events.slice(0, OPENING).join('')
  const closing = events.slice(end).join('')
  return deltas.map((delta, index) =>
    [index === 0 ? opening : '', delta, index === deltas.length - 1 ? closing : ''].join(''),
  )
}
