/** Ids of rows as clients send them. */

import { z } from 'zod'

/** Decimal, no larger than a signed BIGINT. */
const ID = /^[1-9]\d{0,18}$/

export const idParam = z.string().regex(ID)

export function isId(text: string): boolean {
  return ID.test(text)
}
