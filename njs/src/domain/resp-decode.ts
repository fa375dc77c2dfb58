/** Whole RESP2 replies as values. */

import { RespSyntaxError, readInteger } from './resp-frame.ts'

/** An error that Redis itself answered, such as `NOSCRIPT …`; not a broken connection. */
export class ReplyError extends Error {
  /** First word of the message, in capitals: `ERR`, `NOSCRIPT`, `WRONGPASS`, … */
  readonly kind: string

  constructor(message: string) {
    super(message)
    this.name = 'ReplyError'
    this.kind = message.split(' ', 1)[0] ?? ''
  }
}

/** Text is read as UTF-8; bytes that are none become replacement characters. */
export type Reply = string | number | null | ReplyError | readonly Reply[]

/**
 * Returns the replies in a buffer that holds whole ones only, in order.
 * @throws {RespSyntaxError} if the bytes are no RESP2 or end within a reply
 */
export function decodeReplies(bytes: Uint8Array): Reply[] {
  const reader = new Reader(bytes)
  const replies: Reply[] = []
  while (!reader.isAtEnd) replies.push(reader.read())
  return replies
}

/**
 * Returns the content if the text is one bulk string in ASCII and nothing else, else undefined. The
 * short way for what a script answers: its length counts bytes, which only ASCII has as many of as
 * characters.
 */
export function soleBulk(text: string): string | undefined {
  const end = text.indexOf('\r\n')
  const isSole = text.startsWith(`$${text.length - end - 4}\r\n`) && text.endsWith('\r\n')
  return isSole ? text.slice(end + 2, -2) : undefined
}

class Reader {
  readonly #bytes: Uint8Array
  #position = 0

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
  }

  get isAtEnd(): boolean {
    return this.#position >= this.#bytes.length
  }

  read(): Reply {
    const type = this.#bytes[this.#position]
    const start = this.#position + 1
    const end = this.#bytes.indexOf(0x0d, start)
    if (end < 0 || this.#bytes[end + 1] !== 0x0a) throw new RespSyntaxError('reply is cut off')
    this.#position = end + 2
    switch (type) {
      case 0x2b /* + */:
        return this.#text(start, end)
      case 0x2d /* - */:
        return new ReplyError(this.#text(start, end))
      case 0x3a /* : */:
        return readInteger(this.#bytes, start, end)
      case 0x24 /* $ */:
        return this.#bulk(readInteger(this.#bytes, start, end))
      case 0x2a /* * */:
        return this.#array(readInteger(this.#bytes, start, end))
      default:
        throw new RespSyntaxError(`type byte ${type}`)
    }
  }

  #bulk(length: number): string | null {
    if (length < 0) return null
    const start = this.#position
    const end = start + length
    this.#position = end + 2
    if (this.#bytes[end] !== 0x0d || this.#bytes[end + 1] !== 0x0a) {
      throw new RespSyntaxError('bulk string is cut off')
    }
    return this.#text(start, end)
  }

  #array(length: number): readonly Reply[] | null {
    if (length < 0) return null
    const items: Reply[] = []
    for (let index = 0; index < length; index++) items.push(this.read())
    return items
  }

  /** Copies first: njs decodes whole ArrayBuffers only, and a Buffer is a window on a larger one. */
  #text(start: number, end: number): string {
    if (start === end) return ''
    return DECODER.decode(new Uint8Array(this.#bytes.subarray(start, end)).buffer)
  }
}

const DECODER = new TextDecoder('utf-8', { ignoreBOM: true })
