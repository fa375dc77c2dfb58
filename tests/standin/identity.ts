/** The ids of an answer, made from the request so that a run can be repeated. */

import { createHash } from 'node:crypto'

export interface Identity {
  /** A bare UUID, without OpenAI's `chatcmpl-`. */
  readonly id: string
  /** `x-ds-trace-id`: 32 hex digits. */
  readonly traceId: string
}

/**
 * Returns the ids for a request: a hash of its ordinal and body. A fresh stand-in that gets the same
 * requests in the same order gives the same ids; two equal requests to one stand-in differ.
 */
export function identify(ordinal: number, body: string): Identity {
  const hex = createHash('sha256').update(`${ordinal}\n${body}`).digest('hex')
  // RFC 9562 §5.4: version 4, variant 10xx.
  const id = [
    hex.slice(0, 8),
    hex.slice(8, 12),
    `4${hex.slice(13, 16)}`,
    `a${hex.slice(17, 20)}`,
    hex.slice(20, 32),
  ].join('-')
  return { id, traceId: hex.slice(32) }
}
