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
  /** Returns the frame that only the end of the stream completes, if there is one. */
  flush(): readonly Frame[]
  /** Bytes of the frame that is not complete yet. */
  pendingBytes(): number
}

export function createFrameCutter(): FrameCutter {
  /** Pieces of the frame that is not complete. */
  let pending: Buffer[] = []
  let pendingBytes = 0
  let hasField = false
  let isLineEmpty = true
  /** After a CR: whether a frame is complete, but for the LF that may follow. */
  let due: 'event' | 'comment' | 'nothing' | undefined

  /** Returns what the end of a line completes. */
  function endLine(): 'event' | 'comment' | 'nothing' {
    const isEvent = isLineEmpty && hasField
    if (isLineEmpty) hasField = false
    isLineEmpty = true
    if (isEvent) return 'event'
    return hasField ? 'nothing' : 'comment'
  }

  /** Adds the frame that ends before `end`, if one is complete there; returns where the next begins. */
  function cut(
    frames: Frame[],
    from: Buffer,
    start: number,
    end: number,
    what: typeof due,
  ): number {
    if (what === 'nothing' || what === undefined) return start
    const piece = from.subarray(start, end)
    const bytes = pending.length === 0 ? piece : Buffer.concat([...pending, piece])
    frames.push({ bytes, isEvent: what === 'event' })
    pending = []
    pendingBytes = 0
    return end
  }

  return {
    feed(bytes) {
      const frames: Frame[] = []
      let start = 0
      for (let at = 0; at < bytes.length; at += 1) {
        const byte = bytes[at]
        if (due !== undefined) {
          const isSecondHalf = byte === LF
          start = cut(frames, bytes, start, isSecondHalf ? at + 1 : at, due)
          due = undefined
          if (isSecondHalf) continue
        }
        if (byte === CR) due = endLine()
        else if (byte === LF) start = cut(frames, bytes, start, at + 1, endLine())
        else {
          if (isLineEmpty && byte !== COLON) hasField = true
          isLineEmpty = false
        }
      }
      if (start < bytes.length) {
        pending.push(bytes.subarray(start))
        pendingBytes += bytes.length - start
      }
      return frames
    },
    flush() {
      const frames: Frame[] = []
      cut(frames, Buffer.alloc(0), 0, 0, due)
      due = undefined
      return frames
    },
    pendingBytes: () => pendingBytes,
  }
}
