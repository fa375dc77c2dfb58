/** Collects what Redis sends until the awaited number of replies is there, however it is split. */

import { INCOMPLETE, ReplyScanner } from './resp-frame.ts'

/** What one answer may take in memory: more than any script or log batch answers. */
export const MAX_REPLY_BYTES = 4 * 1024 * 1024

export class ReplyCounter {
  readonly #scanner: ReplyScanner
  readonly #chunks: Uint8Array[] = []
  #length = 0

  /** @param replies how many replies to wait for */
  constructor(replies: number) {
    this.#scanner = new ReplyScanner(replies)
  }

  /** Errors among the replies so far, as Redis wrote them. */
  get errors(): readonly string[] {
    return this.#scanner.errors
  }

  /**
   * Takes the next bytes. Returns all bytes once the last awaited reply is whole, else undefined.
   * @throws {RespSyntaxError} if they are no RESP2
   * @throws {RangeError} if more came than was asked for, or than MAX_REPLY_BYTES
   */
  push(chunk: Uint8Array): Uint8Array | undefined {
    this.#length += chunk.length
    if (this.#length > MAX_REPLY_BYTES) throw new RangeError('reply is too large')
    this.#chunks.push(chunk)
    const end = this.#scanner.scan(chunk)
    if (end === INCOMPLETE) return undefined
    if (end < chunk.length) throw new RangeError('bytes after the last reply')
    return join(this.#chunks, this.#length)
  }
}

/**
 * Returns whether the bytes are one bulk string of 10 to 999 bytes and nothing else: what a script
 * answers, told apart with a few comparisons.
 */
export function isSoleBulk(bytes: Uint8Array): boolean {
  const length = bytes.length
  if (bytes[0] !== 0x24 || bytes[length - 1] !== 0x0a || bytes[length - 2] !== 0x0d) return false
  const tens = (bytes[1] as number) * 10 + (bytes[2] as number) - 528
  if (bytes[3] === 0x0d) return tens === length - 7
  return bytes[4] === 0x0d && tens * 10 + (bytes[3] as number) - 48 === length - 8
}

function join(chunks: readonly Uint8Array[], length: number): Uint8Array {
  const [first] = chunks
  if (chunks.length === 1 && first !== undefined) return first
  const joined = new Uint8Array(length)
  let position = 0
  for (const chunk of chunks) {
    joined.set(chunk, position)
    position += chunk.length
  }
  return joined
}
