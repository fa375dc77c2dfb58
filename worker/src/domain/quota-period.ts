/** The day and the month that quotas of a time zone are counted in. */

import { createCalendar } from './periods.ts'
import type { QuotaPeriod } from './quota-terms.ts'

/** Unix milliseconds, [start, end). */
export interface QuotaSpan {
  readonly start: number
  readonly end: number
}

export type QuotaSpans = Readonly<Record<QuotaPeriod, QuotaSpan>>

const HOUR_MS = 3_600_000
/** Lies in the next day, whether this one has 23, 24 or 25 hours. */
const INTO_NEXT_DAY_MS = 36 * HOUR_MS
/** Lies in the next month, however long this one is. */
const INTO_NEXT_MONTH_MS = 32 * 24 * HOUR_MS

/** Zones whose spans are remembered; a pure cache. */
const MAX_ZONES = 1000

/** Returns a function from zone and instant (Unix ms) to the day and month there. */
export function createQuotaCalendar(): (timeZone: string, at: number) => QuotaSpans {
  const zones = new Map<string, (at: number) => QuotaSpans>()

  function spansOf(timeZone: string): (at: number) => QuotaSpans {
    const periodsAt = createCalendar(timeZone)
    let last: QuotaSpans | undefined
    return (at) => {
      if (last === undefined || at < last.day.start || at >= last.day.end) {
        const { today, month } = periodsAt(at)
        last = {
          day: { start: today, end: periodsAt(today + INTO_NEXT_DAY_MS).today },
          month: { start: month, end: periodsAt(month + INTO_NEXT_MONTH_MS).month },
        }
      }
      return last
    }
  }

  return (timeZone, at) => {
    let spans = zones.get(timeZone)
    if (spans === undefined) {
      if (zones.size >= MAX_ZONES) zones.clear()
      spans = spansOf(timeZone)
      zones.set(timeZone, spans)
    }
    return spans(at)
  }
}
