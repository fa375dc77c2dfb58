/** Whole RESP2 replies as values. */

import { INCOMPLETE, RespSyntaxError, readInteger, skipValue } from './resp-frame.ts'

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

export type Reply = string | number | null | ReplyError | readonly Reply[]

/**
 * Returns the replies in a buffer that holds whole ones only, in order.
 * @throws {RespSyntaxError} if the bytes are no RESP2 or end within a reply
 */
export function decodeReplies(bytes: Uint8Array): Reply[] {
  const replies: Reply[] = []
  let position = 0
  while (position < bytes.length) {
    const end = skipValue(bytes, position)
    if (end === INCOMPLETE) throw new RespSyntaxError('reply is cut off')
    replies.push(new Reader(bytes, position).read())
    position = end
  }
  return replies
}

class Reader {
  readonly #bytes: Uint8Array
  #position: number

  constructor(bytes: Uint8Array, position: number) {
    this.#bytes = bytes
    this.#position = position
  }

  read(): Reply {
    const type = this.#bytes[this.#position]
    const start = this.#position + 1
    const end = this.#bytes.indexOf(0x0d, start)
    this.#position = end + 2
    switch (type) {
      case 0x2b:
        return text(this.#bytes, start, end)
      case 0x2d:
        return new ReplyError(text(this.#bytes, start, end))
      case 0x3a:
        return readInteger(this.#bytes, start, end)
      case 0x24:
        return this.#bulk(readInteger(this.#bytes, start, end))
      default:
        return this.#array(readInteger(this.#bytes, start, end))
    }
  }

  #bulk(length: number): string | null {
    if (length < 0) return null
    const start = this.#position
    this.#position = start + length + 2
    return text(this.#bytes, start, start + length)
  }

  #array(length: number): readonly Reply[] | null {
    if (length < 0) return null
    const items: Reply[] = []
    for (let index = 0; index < length; index++) items.push(this.read())
    return items
  }
}

function text(bytes: Uint8Array, start: number, end: number): string {
  let result = ''
  for (let index = start; index < end; index++) {
    const byte = bytes[index] ?? 0
    if (byte >= 0x80) return decodeUtf8(bytes.subarray(start, end))
    result += String.fromCharCode(byte)
  }
  return result
}

/** Copies first: njs decodes whole ArrayBuffers only, and a Buffer is a window on a larger one. */
function decodeUtf8(bytes: Uint8Array): string {
  return new TextDecoder().decode(new Uint8Array(bytes).buffer)
}
