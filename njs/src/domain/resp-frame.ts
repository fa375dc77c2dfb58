/**
 * Where one RESP2 value ends in a byte buffer that may hold only part of it. The bridge needs no
 * values, only borders, so nothing is decoded here.
 */

const CR = 0x0d
const LF = 0x0a
const MINUS = 0x2d
const ZERO = 0x30
const NINE = 0x39

/** What `skipValue` answers when the value is not all there yet. */
export const INCOMPLETE = -1

/** Thrown when bytes are no RESP2: the connection they came from cannot be trusted any more. */
export class RespSyntaxError extends Error {}

/**
 * Returns the position after the value that starts at `start`, or INCOMPLETE if bytes are missing.
 * @throws {RespSyntaxError} if the bytes cannot become a RESP2 value
 */
export function skipValue(bytes: Uint8Array, start: number): number {
  let position = start
  let wanted = 1
  while (wanted > 0) {
    if (position >= bytes.length) return INCOMPLETE
    const type = bytes[position]
    const lineEnd = findLineEnd(bytes, position + 1)
    if (lineEnd === INCOMPLETE) return INCOMPLETE
    const next = lineEnd + 2
    wanted -= 1
    if (type === 0x24 /* $ */) {
      const length = readInteger(bytes, position + 1, lineEnd)
      position = length < 0 ? next : skipBulk(bytes, next, length)
      if (position === INCOMPLETE) return INCOMPLETE
    } else if (type === 0x2a /* * */) {
      wanted += Math.max(0, readInteger(bytes, position + 1, lineEnd))
      position = next
    } else if (type === 0x2b /* + */ || type === 0x2d /* - */ || type === 0x3a /* : */) {
      position = next
    } else {
      throw new RespSyntaxError(`unknown type byte ${type}`)
    }
  }
  return position
}

function skipBulk(bytes: Uint8Array, start: number, length: number): number {
  const end = start + length
  if (bytes.length < end + 2) return INCOMPLETE
  if (bytes[end] !== CR || bytes[end + 1] !== LF) throw new RespSyntaxError('bulk without CRLF')
  return end + 2
}

function findLineEnd(bytes: Uint8Array, start: number): number {
  for (let index = start; index + 1 < bytes.length; index++) {
    if (bytes[index] === CR) {
      if (bytes[index + 1] !== LF) throw new RespSyntaxError('CR without LF')
      return index
    }
  }
  return INCOMPLETE
}

/**
 * Returns the decimal integer in bytes[start, end).
 * @throws {RespSyntaxError} if there is anything else
 */
export function readInteger(bytes: Uint8Array, start: number, end: number): number {
  const negative = bytes[start] === MINUS
  const first = negative ? start + 1 : start
  if (first >= end || end - first > 16) throw new RespSyntaxError('not an integer')
  let value = 0
  for (let index = first; index < end; index++) {
    const byte = bytes[index] ?? 0
    if (byte < ZERO || byte > NINE) throw new RespSyntaxError('not an integer')
    value = value * 10 + (byte - ZERO)
  }
  return negative ? -value : value
}
