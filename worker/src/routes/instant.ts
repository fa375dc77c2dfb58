/** Instants in queries. */

import { z } from 'zod'

/** ISO 8601 with its offset from UTC. */
const instantParam = z.iso.datetime({ offset: true }).transform((text) => new Date(text))

/** Query parameters `from` (included) and `to` (excluded). */
export const rangeParams = { from: instantParam.optional(), to: instantParam.optional() }

interface Range {
  readonly from?: Date | undefined
  readonly to?: Date | undefined
}

/** For `refine`: returns true if `from`, if there are both, is before `to`. */
export function isRange({ from, to }: Range): boolean {
  return from === undefined || to === undefined || from < to
}

/** What is said of a query that is no range. */
export const NO_RANGE = { path: ['to'], message: 'must be after from' }
