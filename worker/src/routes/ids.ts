/** Ids of rows as clients send them. */

import { z } from 'zod'

/** Decimal, no larger than a signed BIGINT. */
export const idParam = z
  .string()
  .regex(/^[1-9]\d{0,18}$/)
  .meta({ id: 'Id', description: 'Decimal number.' })
