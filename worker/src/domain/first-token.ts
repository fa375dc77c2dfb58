/** Quantiles of the time to the first token, from how many calls fell into each step of a scale. */

/** Calls by bucket of usage_hourly_total: bucket b begins at 2^((b - 1) / 4) - 1 ms; 0 are calls without. */
export type FirstTokenCounts = ReadonlyMap<number, number>

/**
 * Returns the time in ms that a share of the calls did not exceed, or null if none had a first token. It
 * may be wrong by the width of a step, 19 %.
 * @param share between 0 and 1
 */
export function firstTokenQuantile(counts: FirstTokenCounts, share: number): number | null {
  const buckets = [...counts].filter(([bucket, count]) => bucket > 0 && count > 0)
  const total = buckets.reduce((sum, [, count]) => sum + count, 0)
  if (total === 0) return null
  let left = Math.max(1, Math.ceil(share * total))
  for (const [bucket, count] of buckets.toSorted(([a], [b]) => a - b)) {
    if (left <= count) {
      // As if the calls of a step were spread evenly over it.
      const [from, to] = [beginOf(bucket), beginOf(bucket + 1)]
      return Math.round(from + (to - from) * ((left - 0.5) / count))
    }
    left -= count
  }
  throw new RangeError(`share ${share} is more than all`)
}

function beginOf(bucket: number): number {
  return 2 ** ((bucket - 1) / 4) - 1
}
