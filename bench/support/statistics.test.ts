import assert from 'node:assert/strict'
import { test } from 'node:test'
import { median, quantile, ratios } from './statistics.ts'

test('the median is the middle value, or the mean of the two middle ones', () => {
  assert.equal(median([3, 1, 2]), 2)
  assert.equal(median([4, 1, 3, 2]), 2.5)
  assert.ok(Number.isNaN(median([])))
})

test('a quantile is a value of the list', () => {
  const hundred = Float64Array.from({ length: 100 }, (_, index) => index + 1)
  assert.equal(quantile(hundred, 0.99), 99)
  assert.equal(quantile(hundred, 1), 100)
  assert.equal(quantile([7], 0.5), 7)
})

test('ratios go pair by pair', () => {
  assert.deepEqual(ratios([6, 9], [3, 3]), [2, 3])
})
