import { z } from 'zod'

/** Of a query or a body in which nothing may be. */
export const NO_FIELDS = z.strictObject({})
