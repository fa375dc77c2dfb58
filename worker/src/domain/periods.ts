/** Where days, weeks and months begin in a time zone. */

export interface Periods {
  /** First instants of the current day, week (from Monday, ISO 8601) and month, Unix ms. */
  readonly today: number
  readonly week: number
  readonly month: number
}

const DAY_MS = 86_400_000

interface LocalDate {
  readonly year: number
  /** 1 to 12. */
  readonly month: number
  readonly day: number
}

/**
 * Returns a function from now (Unix ms) to the starts of the current periods. It asks Intl for the
 * zone's rules, so days of 23 and 25 hours come out right.
 * @param timeZone IANA zone
 */
export function createCalendar(timeZone: string): (now: number) => Periods {
  const format = new Intl.DateTimeFormat('en-US-u-ca-gregory-nu-latn', {
    timeZone,
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
  })

  /** Returns the wall clock at an instant as if it were UTC, in ms; its distance is the offset. */
  function wallClock(instant: number): number {
    const part = new Map(format.formatToParts(instant).map(({ type, value }) => [type, +value]))
    const field = (type: Intl.DateTimeFormatPartTypes) => part.get(type) ?? 0
    return Date.UTC(
      field('year'),
      field('month') - 1,
      field('day'),
      field('hour'),
      field('minute'),
      field('second'),
    )
  }

  function offset(instant: number): number {
    return wallClock(instant) - Math.floor(instant / 1000) * 1000
  }

  /**
   * Returns the first instant of a local date. The offset is the one before or after a change of
   * clocks that day; the earlier instant that is on the date wins. Where midnight itself is skipped
   * the offset before the change gives the instant of the change.
   */
  function startOf(date: LocalDate): number {
    const midnight = Date.UTC(date.year, date.month - 1, date.day)
    const candidates = [midnight - offset(midnight - DAY_MS), midnight - offset(midnight + DAY_MS)]
    const onDate = candidates.filter((instant) => wallClock(instant) >= midnight)
    return Math.min(...(onDate.length > 0 ? onDate : candidates))
  }

  return (now) => {
    const local = new Date(wallClock(now))
    const today = toLocalDate(local)
    const sinceMonday = (local.getUTCDay() + 6) % 7
    return {
      today: startOf(today),
      week: startOf({ ...today, day: today.day - sinceMonday }),
      month: startOf({ ...today, day: 1 }),
    }
  }
}

function toLocalDate(wall: Date): LocalDate {
  return { year: wall.getUTCFullYear(), month: wall.getUTCMonth() + 1, day: wall.getUTCDate() }
}
