/** Paged lists: `?limit=&cursor=`, answered as `{items, next}`. */

import { z } from 'zod'
import type { Page } from '#contract/api.ts'
import type { CursorCodec } from '../domain/cursor.ts'
import { Failure } from '../failure.ts'

const DEFAULT_LIMIT = 50
const MAX_LIMIT = 200

/** Query parameter `limit`: 1 to 200, default 50. */
export const limitParam = limitParamOf(DEFAULT_LIMIT)

/** The same with another default, and another maximum. */
export function limitParamOf(defaultLimit: number, maxLimit = MAX_LIMIT) {
  return z
    .string()
    .regex(/^\d{1,3}$/)
    .default(String(defaultLimit))
    .transform(Number)
    .pipe(z.int().min(1).max(maxLimit))
    .meta({
      description: 'Most items of a page.',
      override: ({ jsonSchema }) => {
        delete jsonSchema.pattern
        const type = 'integer'
        Object.assign(jsonSchema, { type, minimum: 1, maximum: maxLimit, default: defaultLimit })
      },
    })
}

/** Query parameter `cursor`; its content is checked by readCursor. */
export const cursorParam = z
  .string()
  .max(256)
  .optional()
  .meta({ description: 'The `next` of the page before; none for the first.' })

/**
 * Returns the place that a cursor stands for, undefined without one.
 * @throws {Failure} invalid_request for a cursor that we did not make
 */
export function readCursor(
  cursors: CursorCodec,
  cursor: string | undefined,
): readonly string[] | undefined {
  if (cursor === undefined) return undefined
  const position = cursors.decode(cursor)
  if (position !== undefined) return position
  throw new Failure('invalid_request', {
    errors: [{ field: 'cursor', message: 'not a cursor of this list' }],
  })
}

/** Schema of a page of these. */
export function pageOf<S extends z.ZodType>(item: S) {
  return z.strictObject({
    items: z.array(item),
    next: z
      .string()
      .nullable()
      .meta({ description: 'The `cursor` of the next page; null on the last.' }),
  })
}

/**
 * Returns the page of a list.
 * @param found up to one more than `limit`, which tells whether there is a next page
 * @param cursorOf the cursor of the page that begins after an item
 */
export function toPage<Found, Item>(
  found: readonly Found[],
  limit: number,
  itemOf: (found: Found) => Item,
  cursorOf: (found: Found) => string,
): Page<Item> {
  const shown = found.slice(0, limit)
  const last = shown.at(-1)
  const hasMore = found.length > limit && last !== undefined
  return { items: shown.map(itemOf), next: hasMore ? cursorOf(last) : null }
}
