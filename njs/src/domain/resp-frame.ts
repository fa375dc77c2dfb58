/**
 * Where RESP2 values end in a stream of bytes. The bridge needs no values, only borders, so nothing
 * is decoded here, and no byte is looked at twice, however the stream is cut.
 */

const CR = 0x0d
const LF = 0x0a
const MINUS = 0x2d
const ZERO = 0x30
const NINE = 0x39

/** What `scan` answers when there is more to come. */
export const INCOMPLETE = -1

/** Longer than any status, error or number that Redis writes. */
const MAX_LINE_BYTES = 65_536

const EMPTY = new Uint8Array(0)

/** Thrown when bytes are no RESP2: the connection they came from cannot be trusted any more. */
export class RespSyntaxError extends Error {}

export class ReplyScanner {
  /** Errors among the replies so far, as Redis wrote them; those inside arrays do not count. */
  readonly errors: string[] = []
  #replies: number
  /** Values still to come before the current reply is whole; 0 between replies. */
  #values = 0
  /** Bytes of a bulk string still to come, its line end included. */
  #bulk = 0
  /** A line that was cut off. */
  #line: Uint8Array = EMPTY

  /** @param replies how many replies to wait for */
  constructor(replies: number) {
    this.#replies = replies
  }

  /**
   * Takes the next bytes. Returns where in them the last awaited reply ends, or INCOMPLETE.
   * @throws {RespSyntaxError} if the bytes cannot become RESP2 replies
   */
  scan(bytes: Uint8Array): number {
    let position = 0
    while (this.#replies > 0) {
      if (position === bytes.length) return INCOMPLETE
      position = this.#bulk > 0 ? this.#skipBulk(bytes, position) : this.#readLine(bytes, position)
      if (this.#values === 0 && this.#bulk === 0 && this.#line.length === 0) this.#replies -= 1
    }
    return position
  }

  #skipBulk(bytes: Uint8Array, start: number): number {
    const taken = Math.min(this.#bulk, bytes.length - start)
    const lf = this.#bulk - 1
    const cr = lf - 1
    if (cr >= 0 && cr < taken && bytes[start + cr] !== CR) throw new RespSyntaxError('no CR')
    if (lf < taken && bytes[start + lf] !== LF) throw new RespSyntaxError('no LF')
    this.#bulk -= taken
    return start + taken
  }

  #readLine(bytes: Uint8Array, start: number): number {
    const isFirst = this.#line.length === 0
    if (isFirst && !isType(bytes[start])) throw new RespSyntaxError(`type byte ${bytes[start]}`)
    const lf = bytes.indexOf(LF, start)
    const piece = bytes.subarray(start, lf < 0 ? bytes.length : lf)
    const line = isFirst ? piece : concat(this.#line, piece)
    if (line.length > MAX_LINE_BYTES) throw new RespSyntaxError('line is too long')
    const cr = line.indexOf(CR)
    if (cr >= 0 && cr < line.length - 1) throw new RespSyntaxError('CR within a line')
    if (lf < 0) {
      this.#line = line
      return bytes.length
    }
    if (cr < 0) throw new RespSyntaxError('LF without CR')
    this.#line = EMPTY
    this.#takeLine(line, cr)
    return lf + 1
  }

  #takeLine(line: Uint8Array, end: number): void {
    const isReply = this.#values === 0
    if (!isReply) this.#values -= 1
    switch (line[0]) {
      case 0x24 /* $ */:
        {
          const length = readLength(line, end)
          if (length >= 0) this.#bulk = length + 2
          break
        }
      case 0x2a /* * */:
        this.#values += Math.max(0, readLength(line, end))
        break
      case 0x3a /* : */:
        readInteger(line, 1, end)
        break
      case MINUS:
        if (isReply) this.errors.push(String.fromCharCode(...line.subarray(1, Math.min(end, 256))))
        break
    }
  }
}

function isType(byte: number | undefined): boolean {
  return byte === 0x24 || byte === 0x2a || byte === 0x2b || byte === MINUS || byte === 0x3a
}

/** Returns a length, or -1 for nil. */
function readLength(line: Uint8Array, end: number): number {
  const length = readInteger(line, 1, end)
  if (length < -1) throw new RespSyntaxError('negative length')
  return length
}

/**
 * Returns the decimal integer in bytes[start, end).
 * @throws {RespSyntaxError} if there is anything else
 */
export function readInteger(bytes: Uint8Array, start: number, end: number): number {
  const negative = bytes[start] === MINUS
  const first = negative ? start + 1 : start
  if (first >= end || end - first > 19) throw new RespSyntaxError('not an integer')
  let value = 0
  for (let index = first; index < end; index++) {
    const byte = bytes[index] ?? 0
    if (byte < ZERO || byte > NINE) throw new RespSyntaxError('not an integer')
    value = value * 10 + (byte - ZERO)
  }
  return negative ? -value : value
}

/** Returns the bytes of both, in order. */
export function concat(first: Uint8Array, second: Uint8Array): Uint8Array {
  if (first.length === 0) return second
  if (second.length === 0) return first
  const joined = new Uint8Array(first.length + second.length)
  joined.set(first)
  joined.set(second, first.length)
  return joined
}
