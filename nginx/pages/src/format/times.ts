/** Durations and points in time as people read them, in the language of the page. */

export interface TimeFormats {
  /** Returns a duration given in ms, e.g. `85ms`, `0.8s`, `1m 12s`. */
  duration(ms: number): string
  /** Returns an ISO 8601 time as date and time to the second. */
  dateTime(iso: string): string
  /** Returns the time of day of a Unix time in ms. */
  timeOfDay(ms: number): string
}

/**
 * Returns the time formats of a language (BCP 47).
 * @param timezone IANA zone; one that the browser does not know becomes UTC
 */
export function createTimeFormats(lang: string, timezone: string): TimeFormats {
  const zone = isKnownZone(timezone) ? timezone : 'UTC'
  const dateTime = new Intl.DateTimeFormat(lang, {
    timeZone: zone,
    year: 'numeric',
    // A named month is the same day to readers of every country; Chinese has one order only.
    month: lang.startsWith('zh') ? '2-digit' : 'short',
    day: lang.startsWith('zh') ? '2-digit' : 'numeric',
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
    hourCycle: 'h23',
  })
  const timeOfDay = new Intl.DateTimeFormat(lang, {
    timeZone: zone,
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
    hourCycle: 'h23',
  })
  return {
    duration: createDurationFormat(lang),
    dateTime: (iso) => dateTime.format(new Date(iso)),
    timeOfDay: (ms) => timeOfDay.format(ms),
  }
}

/** Returns a function that words a duration given in ms. */
export function createDurationFormat(lang: string): (ms: number) => string {
  const unit = (name: string, digits = 0) => {
    const format = new Intl.NumberFormat(lang, {
      style: 'unit',
      unit: name,
      unitDisplay: 'narrow',
      maximumFractionDigits: digits,
    })
    return (value: number) => format.format(value)
  }
  const milliseconds = unit('millisecond')
  const tenths = unit('second', 1)
  const seconds = unit('second')
  const minutes = unit('minute')
  return (ms) => {
    if (ms < 100) return milliseconds(Math.round(ms))
    if (ms < 9_950) return tenths(ms / 1000)
    const whole = Math.round(ms / 1000)
    if (whole < 60) return seconds(whole)
    return `${minutes(Math.floor(whole / 60))} ${seconds(whole % 60)}`
  }
}

/** Returns the zone of this browser. */
export function browserZone(): string {
  return new Intl.DateTimeFormat().resolvedOptions().timeZone
}

function isKnownZone(zone: string): boolean {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: zone }) !== undefined
  } catch {
    return false
  }
}
