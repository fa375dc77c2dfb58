/** Collects what Redis sends until the awaited number of replies is there, however it is split. */

import { INCOMPLETE, skipValue } from './resp-frame.ts'

export class ReplyCounter {
  #bytes: Uint8Array = new Uint8Array(0)
  /** End of the last whole reply in #bytes. */
  #end = 0
  #missing: number

  /** @param replies how many replies to wait for */
  constructor(replies: number) {
    this.#missing = replies
  }

  /**
   * Takes the next bytes. Returns all bytes once the last awaited reply is whole, else undefined.
   * @throws {RespSyntaxError} if they are no RESP2, or more came than was asked for
   */
  push(chunk: Uint8Array): Uint8Array | undefined {
    this.#bytes = this.#bytes.length === 0 ? chunk : concat(this.#bytes, chunk)
    while (this.#missing > 0) {
      const end = skipValue(this.#bytes, this.#end)
      if (end === INCOMPLETE) return undefined
      this.#end = end
      this.#missing -= 1
    }
    if (this.#end !== this.#bytes.length) throw new RangeError('bytes after the last reply')
    return this.#bytes
  }
}

/** Returns the bytes of both, in order. */
export function concat(first: Uint8Array, second: Uint8Array): Uint8Array {
  const joined = new Uint8Array(first.length + second.length)
  joined.set(first)
  joined.set(second, first.length)
  return joined
}
