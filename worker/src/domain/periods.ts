/** Where days, weeks and months begin in a time zone. */

import { type LocalDate, mondayOf, timeZoneOf } from './time-zone.ts'

export interface Periods {
  /** First instants of the current day, week (from Monday, ISO 8601) and month, Unix ms. */
  readonly today: number
  readonly week: number
  readonly month: number
}

/** The current periods and those before them. */
export interface PeriodPairs extends Periods {
  readonly before: Periods
}

/**
 * Returns a function from now (Unix ms) to the starts of the current periods.
 * @param timeZone IANA zone
 */
export function createCalendar(timeZone: string): (now: number) => PeriodPairs {
  const zone = timeZoneOf(timeZone)
  return (now) => {
    const today = zone.dateOf(now)
    const monday = mondayOf(today)
    const first = { ...today, day: 1 }
    const starts = (day: LocalDate, week: LocalDate, month: LocalDate): Periods => ({
      today: zone.startOf(day),
      week: zone.startOf(week),
      month: zone.startOf(month),
    })
    return {
      ...starts(today, monday, first),
      before: starts(
        { ...today, day: today.day - 1 },
        { ...monday, day: monday.day - 7 },
        { ...first, month: first.month - 1 },
      ),
    }
  }
}
