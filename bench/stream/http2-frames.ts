/** The little of HTTP/2 (RFC 9113) and HPACK (RFC 7541) that one request after the other needs. */

export const FRAME = {
  data: 0,
  headers: 1,
  resetStream: 3,
  settings: 4,
  ping: 6,
  goAway: 7,
  windowUpdate: 8,
} as const

export const FLAG = { ack: 0x1, endStream: 0x1, endHeaders: 0x4 } as const

const HEAD_BYTES = 9
const PREFACE = 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'
const MAX_WINDOW = 2 ** 31 - 1
const FIRST_WINDOW = 65_535
const INITIAL_WINDOW_SIZE = 4

export interface Frame {
  readonly type: number
  readonly flags: number
  readonly stream: number
  readonly payload: Buffer
}

/** Returns a frame as it goes over the wire. */
export function frame(type: number, flags: number, stream: number, payload: Buffer): Buffer {
  const head = Buffer.alloc(HEAD_BYTES)
  head.writeUIntBE(payload.length, 0, 3)
  head.writeUInt8(type, 3)
  head.writeUInt8(flags, 4)
  head.writeUInt32BE(stream, 5)
  return Buffer.concat([head, payload])
}

/** Returns what a client says first: it takes as much as comes, as browsers nearly do. */
export function clientPreface(): Buffer {
  const settings = Buffer.alloc(6)
  settings.writeUInt16BE(INITIAL_WINDOW_SIZE, 0)
  settings.writeUInt32BE(MAX_WINDOW, 2)
  const more = Buffer.alloc(4)
  more.writeUInt32BE(MAX_WINDOW - FIRST_WINDOW)
  return Buffer.concat([
    Buffer.from(PREFACE),
    frame(FRAME.settings, 0, 0, settings),
    frame(FRAME.windowUpdate, 0, 0, more),
  ])
}

/** Takes the whole frames from the start of `bytes`, and returns what is left of them. */
export function takeFrames(bytes: Buffer, take: (frame: Frame) => void): Buffer {
  let at = 0
  while (bytes.length - at >= HEAD_BYTES) {
    const end = at + HEAD_BYTES + bytes.readUIntBE(at, 3)
    if (end > bytes.length) break
    take({
      type: bytes.readUInt8(at + 3),
      flags: bytes.readUInt8(at + 4),
      stream: bytes.readUInt32BE(at + 5) & MAX_WINDOW,
      payload: bytes.subarray(at + HEAD_BYTES, end),
    })
    at = end
  }
  return bytes.subarray(at)
}

/** Entries of HPACK's static table (RFC 7541, Appendix A). */
const AUTHORITY = 1
const METHOD = 2
const PATH = 4
const SCHEME_HTTPS = 7
const STATUS = 8
const STATUSES = [200, 204, 206, 304, 400, 404, 500]

const INDEXED = 0x80
const SIZE_UPDATE = 0x20

/** Returns a header block without state: nothing is indexed, so it is the same for each request. */
export function headerBlock(
  method: string,
  path: string,
  authority: string,
  headers: Readonly<Record<string, string>>,
): Buffer {
  const literal = (index: number, value: string) => Buffer.concat([Buffer.of(index), textOf(value)])
  return Buffer.concat([
    literal(METHOD, method),
    Buffer.of(INDEXED | SCHEME_HTTPS),
    literal(AUTHORITY, authority),
    literal(PATH, path),
    ...Object.entries(headers).map(([name, value]) =>
      Buffer.concat([Buffer.of(0), textOf(name.toLowerCase()), textOf(value)]),
    ),
  ])
}

/** Length (7 bits, then groups of seven) and bytes, without Huffman's code. */
function textOf(text: string): Buffer {
  const bytes = Buffer.from(text)
  if (bytes.length < 127) return Buffer.concat([Buffer.of(bytes.length), bytes])
  const length = [127]
  let rest = bytes.length - 127
  for (; rest >= 128; rest >>= 7) length.push((rest & 127) | 128)
  return Buffer.concat([Buffer.of(...length, rest), bytes])
}

/**
 * Returns the status at the start of an answer's header block; 0 for one that is written in Huffman's
 * code, which nginx does not do.
 */
export function statusOf(block: Buffer): number {
  let at = 0
  while (((block[at] ?? 0) & 0xe0) === SIZE_UPDATE) at += 1
  const first = block[at] ?? 0
  if ((first & INDEXED) !== 0) return STATUSES[(first & ~INDEXED) - STATUS] ?? 0
  const isRaw = (first & 0x0f) === STATUS && block[at + 1] === 3
  return isRaw ? Number(block.toString('latin1', at + 2, at + 5)) : 0
}
