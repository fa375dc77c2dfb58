/**
 * How ranges of time are put together from whole hours of UTC, for which there are sums, and from pieces
 * of hours, for which calls have to be read: zones such as +05:45 cut hours.
 */

const HOUR_MS = 3_600_000

/** A part of an hour that belongs to another bucket than the hour is counted in. */
export interface Piece {
  /** Unix ms, like `to`, which is exclusive; both in one hour. */
  readonly from: number
  readonly to: number
  /** Buckets to which its calls are to be added, and from which they are to be taken; undefined: none. */
  readonly bucket: number | undefined
  readonly home: number | undefined
}

export interface Cover {
  /** Edges of the buckets in whole hours: an hour is counted where its middle lies. */
  readonly hours: readonly number[]
  /** In the order of time, without overlap. */
  readonly pieces: readonly Piece[]
}

/** @param edges ascending, Unix ms: bucket i is [edges[i], edges[i + 1]) */
export function coverBuckets(edges: readonly number[]): Cover {
  const bucketAt = (instant: number) => {
    const after = edges.findIndex((edge) => edge > instant)
    return after < 1 ? undefined : after - 1
  }
  const cut = new Map<number, number[]>()
  for (const edge of edges) {
    const hour = floorHour(edge)
    if (edge !== hour) cut.set(hour, [...(cut.get(hour) ?? [hour]), edge])
  }
  const pieces = [...cut].flatMap(([hour, starts]) => {
    const home = bucketAt(hour + HOUR_MS / 2)
    return starts
      .map((from, index) => ({
        from,
        to: starts[index + 1] ?? hour + HOUR_MS,
        bucket: bucketAt(from),
        home,
      }))
      .filter(({ from, to, bucket }) => bucket !== home && from < to)
  })
  return { hours: edges.map(nearestHour), pieces }
}

function floorHour(instant: number): number {
  return Math.floor(instant / HOUR_MS) * HOUR_MS
}

/** The half belongs to the bucket that it begins. */
function nearestHour(edge: number): number {
  const hour = floorHour(edge)
  return edge - hour > HOUR_MS / 2 ? hour + HOUR_MS : hour
}
