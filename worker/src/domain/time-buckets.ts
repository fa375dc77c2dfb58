/** Ranges of time cut into the hours or days of a zone. */

import { type LocalDate, mondayOf, type TimeZone } from './time-zone.ts'

export type BucketSize = 'hour' | 'day'

/** The most buckets of a series: a month of hours, a leap year of days. */
export const MOST_BUCKETS: Readonly<Record<BucketSize, number>> = { hour: 745, day: 366 }

const HOUR_MS = 3_600_000

/**
 * Returns the edges of the buckets that hold [from, to): first instants of local hours or days, the
 * last one is the end of the last bucket. Undefined if there are more buckets than MOST_BUCKETS.
 * @param from Unix ms, before `to`
 */
export function bucketEdges(
  zone: TimeZone,
  size: BucketSize,
  from: number,
  to: number,
): readonly number[] | undefined {
  const edges = [firstEdge(zone, size, from)]
  for (let last = edges[0] ?? from; last < to; edges.push(last)) {
    if (edges.length > MOST_BUCKETS[size]) return undefined
    last = size === 'day' ? dayAfter(zone, last) : hourAfter(zone, last)
  }
  return edges
}

function firstEdge(zone: TimeZone, size: BucketSize, from: number): number {
  return size === 'day' ? zone.startOf(zone.dateOf(from)) : from - sinceHour(zone, from)
}

function dayAfter(zone: TimeZone, start: number): number {
  const date = zone.dateOf(start)
  return zone.startOf({ ...date, day: date.day + 1 })
}

/** Where clocks change by half an hour, an hour of the wall is shorter or longer. */
function hourAfter(zone: TimeZone, start: number): number {
  return start + HOUR_MS - sinceHour(zone, start)
}

/** Returns how many ms the local hour of an instant has lasted. */
function sinceHour(zone: TimeZone, instant: number): number {
  const second = Math.floor(instant / 1000) * 1000
  return (zone.wallClock(second) % HOUR_MS) + (instant - second)
}

export type NamedRange =
  | 'today'
  | 'yesterday'
  | 'week'
  | 'month'
  | 'last_month'
  | '7d'
  | '30d'
  | '90d'
  | '365d'

/** Returns [from, to) of a range in whole local days; those of so many days end with today. */
export function rangeOf(
  zone: TimeZone,
  name: NamedRange,
  now: number,
): { readonly from: number; readonly to: number } {
  const today = zone.dateOf(now)
  const shifted = (days: number): LocalDate => ({ ...today, day: today.day + days })
  const between = (first: LocalDate, end: LocalDate) => ({
    from: zone.startOf(first),
    to: zone.startOf(end),
  })
  const tomorrow = shifted(1)
  if (name === 'today') return between(today, tomorrow)
  if (name === 'yesterday') return between(shifted(-1), today)
  if (name === 'week') return between(mondayOf(today), tomorrow)
  const first = { ...today, day: 1 }
  if (name === 'month') return between(first, tomorrow)
  if (name === 'last_month') return between({ ...first, month: first.month - 1 }, first)
  return between(shifted(1 - Number.parseInt(name, 10)), tomorrow)
}
