/** Text that grows at its end and is read from any UTF-8 byte: held once, however many read it. */

export interface ByteText {
  /** UTF-8 bytes. */
  readonly length: number
  append(text: string): void
  /**
   * Returns the text from byte `from` on, at most `maxBytes` of it (at least 4), cut between
   * characters.
   */
  read(from: number, maxBytes: number): string
  /** Returns true if a character begins or the text ends at this byte. */
  isBoundary(at: number): boolean
  toString(): string
}

const FIRST_CAPACITY = 1024

/** Returns an empty text. */
export function createByteText(): ByteText {
  let buffer = Buffer.alloc(0)
  let length = 0
  /** First half of a surrogate pair, waiting for its second. */
  let half = ''

  function reserve(size: number): void {
    if (size <= buffer.length) return
    const larger = Buffer.alloc(Math.max(size, buffer.length * 2, FIRST_CAPACITY))
    buffer.copy(larger, 0, 0, length)
    buffer = larger
  }

  function isBoundary(at: number): boolean {
    if (!Number.isInteger(at) || at < 0 || at > length) return false
    return at === length || (buffer.readUInt8(at) & 0xc0) !== 0x80
  }

  return {
    get length() {
      return length
    },
    append(text) {
      const whole = half + text
      half = /[\ud800-\udbff]$/.exec(whole)?.[0] ?? ''
      const ready = half === '' ? whole : whole.slice(0, -1)
      const size = Buffer.byteLength(ready)
      reserve(length + size)
      length += buffer.write(ready, length)
    },
    read(from, maxBytes) {
      let to = Math.min(length, from + maxBytes)
      while (!isBoundary(to)) to -= 1
      return buffer.toString('utf8', from, to)
    },
    isBoundary,
    toString: () => buffer.toString('utf8', 0, length),
  }
}
