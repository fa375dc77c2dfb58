/** Cursors of paged lists: where the last page ended, opaque to clients and proof against editing. */

import { createHmac, timingSafeEqual } from 'node:crypto'

/** Enough that a guess is hopeless; a forged cursor would only page oddly anyway. */
const MAC_BYTES = 8

export interface CursorCodec {
  /** Returns the cursor of a position, base64url. */
  encode(position: readonly string[]): string
  /** Returns the position, or undefined if the cursor is not one that `encode` made. */
  decode(cursor: string): readonly string[] | undefined
}

/**
 * @param secret shared by all workers
 * @param list name of the list, so that a cursor of one is not accepted by another
 */
export function createCursors(secret: string, list: string): CursorCodec {
  function mac(payload: Buffer): Buffer {
    const full = createHmac('sha256', secret).update(`cursor.v1|${list}|`).update(payload).digest()
    return full.subarray(0, MAC_BYTES)
  }

  return {
    encode(position) {
      const payload = Buffer.from(position.join('|'))
      return Buffer.concat([mac(payload), payload]).toString('base64url')
    },
    decode(cursor) {
      const bytes = Buffer.from(cursor, 'base64url')
      // Buffer ignores what is not base64url; a cursor has one spelling only.
      if (bytes.length <= MAC_BYTES || bytes.toString('base64url') !== cursor) return undefined
      const payload = bytes.subarray(MAC_BYTES)
      if (!timingSafeEqual(bytes.subarray(0, MAC_BYTES), mac(payload))) return undefined
      return payload.toString().split('|')
    },
  }
}
