/** Pages of lists in the order of a time and an id, with cursors of places. */

import { z } from 'zod'
import type { Page } from '#contract/api.ts'
import type { CursorCodec } from '../domain/cursor.ts'
import type { Found, Place } from '../stores/keyset.ts'
import { readCursor } from './paging.ts'

/** Query parameters `order` and `format`. */
export const orderParam = z.enum(['newest', 'oldest']).default('newest').meta({
  description: 'Which come first.',
})
export const formatParam = z.enum(['json', 'csv']).default('json')

/** Said of lists whose filters no index knows. */
export const WINDOW_DESCRIPTION = `A page with filters looks at 5000 rows at most: it may hold fewer than \`limit\`, or none, and still have
a \`next\`.`

/** Returns the place that a cursor stands for. @throws {Failure} invalid_request */
export function readPlace(cursors: CursorCodec, cursor: string | undefined): Place | undefined {
  const parts = readCursor(cursors, cursor)
  if (parts === undefined) return undefined
  const [at, id = ''] = parts
  return { at: new Date(Number(at)), id }
}

export function toPlacePage<Item, View>(
  { items, next }: Found<Item>,
  cursors: CursorCodec,
  viewOf: (item: Item) => View,
): Page<View> {
  return {
    items: items.map(viewOf),
    next: next === undefined ? null : cursors.encode([String(next.at.getTime()), next.id]),
  }
}
