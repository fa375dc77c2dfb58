/**
 * Cuts the bytes of an event stream where an event or a comment is complete, so that it can be passed on as
 * it came and still never ends in the middle of an event: whoever reads `data: {"id` and then an error
 * would take both for one.
 */

const LF = 0x0a
const CR = 0x0d
const COLON = 0x3a

/** Bytes that came together and are whole. */
export interface Frame {
  readonly bytes: Buffer
  /** False for comments and empty lines alone. */
  readonly isEvent: boolean
}

export interface FrameCutter {
  /** Returns the frames that these bytes complete, in order; the bytes of all frames are those that came. */
  feed(bytes: Buffer): readonly Frame[]
  /** Bytes of the frame that is not complete yet. */
  pendingBytes(): number
}

export function createFrameCutter(): FrameCutter {
  /** Pieces of the frame that is not complete. */
  let pending: Buffer[] = []
  let pendingBytes = 0
  let hasField = false
  let isLineEmpty = true
  let afterCr = false

  return {
    feed(bytes) {
      const frames: Frame[] = []
      let start = 0
      for (let at = 0; at < bytes.length; at += 1) {
        const byte = bytes[at]
        if (byte === LF && afterCr) {
          // The second half of a line's end, which may come later than the first.
          afterCr = false
          if (!hasField) start = cut(frames, bytes, start, at + 1, false)
          continue
        }
        afterCr = byte === CR
        if (byte !== LF && byte !== CR) {
          if (isLineEmpty && byte !== COLON) hasField = true
          isLineEmpty = false
          continue
        }
        const isEvent = isLineEmpty && hasField
        if (isEvent) hasField = false
        isLineEmpty = true
        if (!hasField) start = cut(frames, bytes, start, at + 1, isEvent)
      }
      if (start < bytes.length) {
        pending.push(bytes.subarray(start))
        pendingBytes += bytes.length - start
      }
      return frames
    },
    pendingBytes: () => pendingBytes,
  }

  /** Adds the frame that ends before `end`, and returns where the next one begins. */
  function cut(
    frames: Frame[],
    from: Buffer,
    start: number,
    end: number,
    isEvent: boolean,
  ): number {
    const piece = from.subarray(start, end)
    frames.push({
      bytes: pending.length === 0 ? piece : Buffer.concat([...pending, piece]),
      isEvent,
    })
    pending = []
    pendingBytes = 0
    return end
  }
}
