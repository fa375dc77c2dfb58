/** When something that is done once a day is due. */

const DAY_MS = 86_400_000
/** 19:00 UTC is three at night in Beijing, where most people are. */
const NIGHT_MS = 19 * 3_600_000

/**
 * Returns true if the last night began after it was done last.
 * @param doneAt Unix milliseconds, like `now`
 */
export function isDue(doneAt: number, now: number): boolean {
  const lastNight = Math.floor((now - NIGHT_MS) / DAY_MS) * DAY_MS + NIGHT_MS
  return doneAt < lastNight
}
