/** Values that many answers hold. */

import { z } from 'zod'
import type { Ending } from '#contract/api.ts'
import type { Role } from '#contract/session.ts'

export const time = z.iso.datetime().meta({ id: 'Time', description: 'ISO 8601, UTC.' })

/** Of tokens, requests, milliseconds. */
export const count = z.int().min(0)

export const money = z
  .string()
  .regex(/^\d+(\.\d+)?$/)
  .meta({ id: 'Money', description: 'Decimal amount, exact, in the `currency` beside it.' })

export const currency = z.string().regex(/^[A-Z]{3}$/)

export const requestId = z
  .string()
  .regex(/^[0-9a-f]{32}$/)
  .meta({ id: 'RequestId', description: 'As in X-Request-Id; also the id of a generation.' })

export const role = z.enum(['user', 'admin']) satisfies z.ZodType<Role>

export const ending = z
  .enum(['open', 'done', 'stopped', 'client_gone', 'upstream_error', 'timeout', 'interrupted'])
  .meta({
    id: 'Ending',
    description: 'How a model call ended; open while it runs.',
  }) satisfies z.ZodType<Ending>
