/** Which daily partitions of proxy_logs must be made and which may be dropped. */

const DAY_MS = 86_400_000
/** Days that exist before they are needed, so that a week without maintenance loses nothing. */
const DAYS_AHEAD = 7
/** Days kept after today; older ones are dropped whole. */
const DAYS_KEPT = 30

export interface Partition {
  /** `p20261122`: holds that day, UTC, and for the oldest everything before it. */
  readonly name: string
  /** First day that it does not hold, `2026-11-23`. */
  readonly lessThan: string
}

export interface PartitionPlan {
  readonly create: readonly Partition[]
  readonly drop: readonly string[]
}

/**
 * Returns what has to change, days in order.
 * @param existing names of the partitions that are there; names that are no day are left alone
 * @param now Unix ms
 */
export function planPartitions(existing: readonly string[], now: number): PartitionPlan {
  const today = Math.floor(now / DAY_MS) * DAY_MS
  const create: Partition[] = []
  // A range can only be split at its upper end: days before the newest one are covered already.
  const newest = existing.filter(isDay).sort().at(-1) ?? ''
  for (let day = today; day <= today + DAYS_AHEAD * DAY_MS; day += DAY_MS) {
    const name = dayName(day)
    if (name > newest) create.push({ name, lessThan: isoDay(day + DAY_MS) })
  }
  const oldestKept = dayName(today - DAYS_KEPT * DAY_MS)
  return { create, drop: existing.filter((name) => isDay(name) && name < oldestKept).sort() }
}

function isDay(name: string): boolean {
  return /^p\d{8}$/.test(name)
}

function dayName(day: number): string {
  return `p${isoDay(day).replaceAll('-', '')}`
}

function isoDay(day: number): string {
  return new Date(day).toISOString().slice(0, 10)
}
