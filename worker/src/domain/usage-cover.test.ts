import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { coverBuckets } from './usage-cover.ts'

const HOUR_MS = 3_600_000
const MINUTE_MS = 60_000

test('whole hours need no pieces', () => {
  assert.deepEqual(coverBuckets([0, HOUR_MS, 5 * HOUR_MS]), {
    hours: [0, HOUR_MS, 5 * HOUR_MS],
    pieces: [],
  })
})

test('a cut hour is counted where its larger part lies; the other part is read', () => {
  const [early, late] = [15 * MINUTE_MS, 10 * HOUR_MS + 45 * MINUTE_MS]
  assert.deepEqual(coverBuckets([early, late]), {
    hours: [0, 11 * HOUR_MS],
    pieces: [
      { from: 0, to: early, bucket: undefined, home: 0 },
      { from: late, to: 11 * HOUR_MS, bucket: undefined, home: 0 },
    ],
  })
})

test('any edges: each instant is counted in its bucket, once', () => {
  const edge = fc.oneof(
    fc.integer({ min: 0, max: 40 * HOUR_MS }),
    fc.integer({ min: 0, max: 160 }).map((quarter) => quarter * 15 * MINUTE_MS),
  )
  fc.assert(
    fc.property(
      fc.uniqueArray(edge, { minLength: 2, maxLength: 12 }),
      fc.integer({ min: 0, max: 41 * HOUR_MS }),
      (unsorted, at) => {
        const edges = unsorted.toSorted((a, b) => a - b)
        const { hours, pieces } = coverBuckets(edges)
        const counts = edges.slice(1).map((end, bucket) => {
          const hour = Math.floor(at / HOUR_MS) * HOUR_MS
          const isHome = hour >= (hours[bucket] ?? 0) && hour < (hours[bucket + 1] ?? 0)
          const here = pieces.filter(({ from, to }) => at >= from && at < to)
          const added = here.filter((piece) => piece.bucket === bucket).length
          const taken = here.filter((piece) => piece.home === bucket).length
          const expected = at >= (edges[bucket] ?? 0) && at < end ? 1 : 0
          return Number(isHome) + added - taken - expected
        })
        assert.deepEqual(
          counts,
          counts.map(() => 0),
        )
        for (const { from, to } of pieces) {
          assert.ok(from < to && to - from < HOUR_MS)
          assert.equal(Math.floor(from / HOUR_MS), Math.floor((to - 1) / HOUR_MS))
        }
      },
    ),
    { numRuns: 2000 },
  )
})
