/**
 * Lists in the order of a time and an id, read page by page from the place at which the last page ended.
 *
 * Filters that no index knows are answered in windows: each page looks at so many rows in the order of the
 * list and no more, so that a filter that matches little costs what one costs that matches all. Such a page
 * may hold less than asked for, or nothing, and still have a next one.
 */

import type { SqlValue } from './mysql.ts'

export type Order = 'newest' | 'oldest'

/** A place in a list. */
export interface Place {
  readonly at: Date
  readonly id: string
}

/** What a page found. */
export interface Found<Item> {
  readonly items: readonly Item[]
  /** The next page begins after this place; undefined if there is no more. */
  readonly next: Place | undefined
}

/** Conditions that all have to hold, with the values of their `?`. */
export interface Conditions {
  readonly sql: readonly string[]
  readonly params: readonly SqlValue[]
}

/** Columns of the time and the id, as a query calls them. */
type Columns = readonly [string, string]

export function allOf(...list: readonly (Conditions | undefined)[]): Conditions {
  const there = list.filter((one) => one !== undefined)
  return {
    sql: there.flatMap(({ sql }) => sql),
    params: there.flatMap(({ params }) => params),
  }
}

export function condition(sql: string, ...params: readonly SqlValue[]): Conditions {
  return { sql: [sql], params }
}

/** Returns what holds for all that come after a place. */
export function after([time, id]: Columns, place: Place, order: Order): Conditions {
  const [towards, beyond] = order === 'newest' ? ['<=', '<'] : ['>=', '>']
  // The first half lets the index skip to the place; MySQL does not use rows for that.
  return condition(
    `${time} ${towards} ? AND (${time} ${beyond} ? OR ${id} ${beyond} ?)`,
    ...[place.at, place.at, place.id],
  )
}

/** Returns what holds for a place and all that come before it. */
export function upTo([time, id]: Columns, place: Place, order: Order): Conditions {
  const [towards, before] = order === 'newest' ? ['>=', '>'] : ['<=', '<']
  return condition(
    `${time} ${towards} ? AND (${time} ${before} ? OR ${id} ${towards} ?)`,
    ...[place.at, place.at, place.id],
  )
}

/** Returns the text of ORDER BY. */
export function sortedBy([time, id]: Columns, order: Order): string {
  const direction = order === 'newest' ? 'DESC' : 'ASC'
  return `ORDER BY ${time} ${direction}, ${id} ${direction}`
}

/**
 * Returns a page.
 * @param end the last row that may be looked at; undefined if fewer are left, or there is no filter
 * @param find returns up to so many rows that match
 */
export async function findPage<Item extends { readonly place: Place }>(
  limit: number,
  end: Place | undefined,
  find: (most: number) => Promise<readonly Item[]>,
): Promise<Found<Item>> {
  const found = await find(limit + 1)
  const items = found.slice(0, limit)
  return { items, next: found.length > limit ? items.at(-1)?.place : end }
}
