/**
 * The small HTTP/1.1 that nginx speaks to the bridge: a head whose only meaning is Content-Length,
 * then a RESP pipeline as the body.
 */

import { INCOMPLETE, RespSyntaxError, skipValue } from './resp-frame.ts'

/** Larger than any batch of log records and any script call. */
export const MAX_BODY_BYTES = 4 * 1024 * 1024
const MAX_HEAD_BYTES = 8192

/** A request that has arrived whole. */
export interface BridgeRequest {
  /** The RESP pipeline, to be sent on byte by byte. */
  readonly body: Uint8Array
  /** Number of commands, hence of replies to wait for. */
  readonly commands: number
}

/**
 * Returns the request at the start of `bytes`, or undefined if bytes are missing.
 * @throws {RangeError} if it is no request for the bridge
 */
export function readBridgeRequest(bytes: Uint8Array): BridgeRequest | undefined {
  const headEnd = findHeadEnd(bytes)
  if (headEnd < 0) {
    if (bytes.length > MAX_HEAD_BYTES) throw new RangeError('head is too long')
    return undefined
  }
  const length = contentLength(bytes, headEnd)
  if (!(length >= 1 && length <= MAX_BODY_BYTES)) throw new RangeError('no body, or too large')
  const start = headEnd + 4
  if (bytes.length < start + length) return undefined
  if (bytes.length > start + length) throw new RangeError('bytes after the body')
  const body = bytes.subarray(start)
  return { body, commands: countCommands(body) }
}

function findHeadEnd(bytes: Uint8Array): number {
  let from = 0
  while (true) {
    const index = bytes.indexOf(0x0d, from)
    if (index < 0 || index + 3 >= bytes.length) return -1
    if (bytes[index + 1] === 0x0a && bytes[index + 2] === 0x0d && bytes[index + 3] === 0x0a) {
      return index
    }
    from = index + 1
  }
}

const CONTENT_LENGTH = 'content-length:'

function contentLength(bytes: Uint8Array, headEnd: number): number {
  const head = String.fromCharCode(...bytes.subarray(0, headEnd)).toLowerCase()
  const at = head.indexOf(`\r\n${CONTENT_LENGTH}`)
  if (at < 0) return -1
  const start = at + 2 + CONTENT_LENGTH.length
  const end = head.indexOf('\r\n', start)
  return Number(head.slice(start, end < 0 ? undefined : end).trim())
}

function countCommands(body: Uint8Array): number {
  let count = 0
  let position = 0
  while (position < body.length) {
    position = skipValue(body, position)
    if (position === INCOMPLETE) throw new RespSyntaxError('command is cut off')
    count += 1
  }
  return count
}
