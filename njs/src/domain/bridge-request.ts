/**
 * The small HTTP/1.1 that nginx speaks to the bridge: a request line whose query may tell how many
 * commands there are (`POST /_redis?3`, else one), a Content-Length, and a RESP pipeline as the body.
 */

import { concat } from './resp-frame.ts'

/** Larger than any batch of log records and any script call. */
export const MAX_BODY_BYTES = 4 * 1024 * 1024
const MAX_HEAD_BYTES = 8192
const MAX_COMMANDS = 10_000

const EMPTY = new Uint8Array(0)
const HEAD_END = '\r\n\r\n'
const CR = 0x0d
const LF = 0x0a

/** Reads one request; its body is handed on as it comes and is never collected. */
export class RequestReader {
  #head: Uint8Array = EMPTY
  /** Bytes of the body still to come; undefined while the head is not whole. */
  #left: number | undefined
  /** How many replies to wait for; known once the head is whole. */
  commands: number | undefined

  get isWhole(): boolean {
    return this.#left === 0
  }

  /**
   * Takes the next bytes and returns those among them that belong to the body.
   * @throws {RangeError} if they are no request for the bridge, or more than one
   */
  push(chunk: Uint8Array): Uint8Array {
    return this.#left === undefined ? this.#pushHead(chunk) : this.#pushBody(chunk)
  }

  #pushHead(chunk: Uint8Array): Uint8Array {
    const bytes = concat(this.#head, chunk)
    const end = findHeadEnd(bytes)
    if (end > MAX_HEAD_BYTES || (end < 0 && bytes.length > MAX_HEAD_BYTES)) {
      throw new RangeError('head is too long')
    }
    if (end < 0) {
      this.#head = bytes
      return EMPTY
    }
    this.#head = EMPTY
    const head = String.fromCharCode(...bytes.subarray(0, end))
    const [requestLine = '', ...fields] = head.split('\r\n')
    this.commands = commandsOf(requestLine)
    this.#left = contentLengthOf(fields)
    return this.#pushBody(bytes.subarray(end + HEAD_END.length))
  }

  #pushBody(part: Uint8Array): Uint8Array {
    this.#left = (this.#left ?? 0) - part.length
    if (this.#left < 0) throw new RangeError('bytes after the body')
    return part
  }
}

function findHeadEnd(bytes: Uint8Array): number {
  let index = bytes.indexOf(CR)
  while (index >= 0 && index + 3 < bytes.length) {
    if (bytes[index + 1] === LF && bytes[index + 2] === CR && bytes[index + 3] === LF) return index
    index = bytes.indexOf(CR, index + 1)
  }
  return -1
}

function commandsOf(requestLine: string): number {
  const [method, target = '', version] = requestLine.split(' ')
  if (method !== 'POST' || !version?.startsWith('HTTP/1.')) throw new RangeError('no POST')
  const at = target.indexOf('?')
  return at < 0 ? 1 : wholeNumber(target.slice(at + 1), MAX_COMMANDS)
}

function contentLengthOf(fields: readonly string[]): number {
  const name = 'content-length:'
  const field = fields.find((line) => line.toLowerCase().startsWith(name)) ?? ''
  return wholeNumber(field.slice(name.length).trim(), MAX_BODY_BYTES)
}

function wholeNumber(text: string, most: number): number {
  const value = text === '' ? 0 : Number(text)
  if (!Number.isInteger(value) || value < 1 || value > most) {
    throw new RangeError(`not a number from 1 to ${most}: ${text}`)
  }
  return value
}

/** What nginx writes before the length of the body when there is one command; see /_redis. */
const SOLE_HEAD = 'POST /_redis HTTP/1.1\r\nContent-Length: '
const LENGTH_AT = SOLE_HEAD.length
const SOLE_BODY_AT = LENGTH_AT + 3 + HEAD_END.length

/**
 * Returns the body if the bytes are one whole request for one command, as nginx's http side writes
 * it, with a body of 100 to 999 bytes; undefined if they may be anything else. A few comparisons
 * instead of reading the head: the length must stand where it stands in such a request, end the head
 * and be that of the rest.
 */
export function soleRequestBody(bytes: Uint8Array): Uint8Array | undefined {
  const hundreds = bytes[LENGTH_AT] as number
  const tens = bytes[LENGTH_AT + 1] as number
  const ones = bytes[LENGTH_AT + 2] as number
  if (
    hundreds * 100 + tens * 10 + ones - 5328 !== bytes.length - SOLE_BODY_AT ||
    bytes[LENGTH_AT + 6] !== LF
  ) {
    return undefined
  }
  return bytes.subarray(SOLE_BODY_AT)
}
