/** The wall clocks of a time zone, by the rules that Intl knows; days of 23 and 25 hours come out right. */

export interface LocalDate {
  readonly year: number
  /** 1 to 12. */
  readonly month: number
  /** From 1; what is outside of the month is a day of the one before or after it. */
  readonly day: number
}

export interface TimeZone {
  /** Returns the wall clock at an instant (Unix ms) as if it were UTC, to the second. */
  wallClock(instant: number): number
  /** Returns the date on which an instant lies. */
  dateOf(instant: number): LocalDate
  /** Returns the first instant of a date. */
  startOf(date: LocalDate): number
}

const DAY_MS = 86_400_000
/** Of which a zone remembers how its clocks stand. */
const MAX_DAYS = 4000

/** @param name IANA zone. @throws {RangeError} if Intl does not know it */
export function createTimeZone(name: string): TimeZone {
  const format = new Intl.DateTimeFormat('en-US-u-ca-gregory-nu-latn', {
    timeZone: name,
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
  })

  /** Asks Intl, which takes its time. */
  function askedOffset(instant: number): number {
    const part = new Map(format.formatToParts(instant).map(({ type, value }) => [type, +value]))
    const field = (type: Intl.DateTimeFormatPartTypes) => part.get(type) ?? 0
    const wall = Date.UTC(
      field('year'),
      field('month') - 1,
      field('day'),
      field('hour'),
      field('minute'),
      field('second'),
    )
    return wall - floorSecond(instant)
  }

  /** Offsets at the beginnings of days of UTC, by the day's number. */
  const offsets = new Map<number, number>()

  function offsetOfDay(day: number): number {
    const known = offsets.get(day)
    if (known !== undefined) return known
    if (offsets.size >= MAX_DAYS) offsets.clear()
    const offset = askedOffset(day * DAY_MS)
    offsets.set(day, offset)
    return offset
  }

  /** No zone changes its clocks twice within a day. */
  function offset(instant: number): number {
    const day = Math.floor(instant / DAY_MS)
    const atBegin = offsetOfDay(day)
    return atBegin === offsetOfDay(day + 1) ? atBegin : askedOffset(instant)
  }

  function wallClock(instant: number): number {
    return floorSecond(instant) + offset(instant)
  }

  return {
    wallClock,

    dateOf(instant) {
      const wall = new Date(wallClock(instant))
      return { year: wall.getUTCFullYear(), month: wall.getUTCMonth() + 1, day: wall.getUTCDate() }
    },

    /**
     * The offset is the one before or after a change of clocks that day; the earlier instant that is
     * on the date wins. Where midnight itself is skipped the offset before the change gives the
     * instant of the change.
     */
    startOf(date) {
      const midnight = Date.UTC(date.year, date.month - 1, date.day)
      const candidates = [
        midnight - offset(midnight - DAY_MS),
        midnight - offset(midnight + DAY_MS),
      ]
      const onDate = candidates.filter((instant) => wallClock(instant) >= midnight)
      return Math.min(...(onDate.length > 0 ? onDate : candidates))
    },
  }
}

function floorSecond(instant: number): number {
  return Math.floor(instant / 1000) * 1000
}

/** Returns the first day of the week, ISO 8601, that a date is in. */
export function mondayOf(date: LocalDate): LocalDate {
  const weekday = new Date(Date.UTC(date.year, date.month - 1, date.day)).getUTCDay()
  return { ...date, day: date.day - ((weekday + 6) % 7) }
}

/** More than there are zones; names differ in case too. */
const MAX_KEPT = 1000

const kept = new Map<string, TimeZone>()

/** Returns the zone of a name, made once, because Intl takes its time. @throws as createTimeZone */
export function timeZoneOf(name: string): TimeZone {
  const known = kept.get(name)
  if (known !== undefined) return known
  const made = createTimeZone(name)
  if (kept.size >= MAX_KEPT) kept.clear()
  kept.set(name, made)
  return made
}
