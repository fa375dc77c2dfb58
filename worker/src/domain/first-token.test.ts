import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { firstTokenQuantile } from './first-token.ts'

/** As SQL does it. */
const bucketOf = (ms: number) => 1 + Math.floor(4 * Math.log2(ms + 1))

test('nothing was written: no time', () => {
  assert.equal(firstTokenQuantile(new Map(), 0.5), null)
  assert.equal(firstTokenQuantile(new Map([[0, 7]]), 0.5), null)
})

test('quantiles are right but for a step of the scale', () => {
  const times = fc.array(fc.integer({ min: 0, max: 100_000 }), { minLength: 1, maxLength: 300 })
  fc.assert(
    fc.property(times, fc.constantFrom(0.5, 0.95), (list, share) => {
      const counts = new Map<number, number>([[0, 5]])
      for (const ms of list) counts.set(bucketOf(ms), (counts.get(bucketOf(ms)) ?? 0) + 1)
      const right = list.toSorted((a, b) => a - b)[Math.ceil(share * list.length) - 1] ?? 0
      const found = firstTokenQuantile(counts, share) ?? Number.NaN
      assert.ok(Math.abs(found - right) <= 0.2 * (right + 1) + 1, `${found} for ${right}`)
    }),
  )
})
