import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { formatDecimal, parseDecimal } from './decimal.ts'

test('a decimal is read exactly', () => {
  assert.equal(parseDecimal('13.5', 4), 135_000n)
  assert.equal(parseDecimal('0.0200', 4), 200n)
  assert.equal(parseDecimal('7', 0), 7n)
  assert.equal(parseDecimal('1.500000', 1), 15n)
})

test('what is no decimal of the scale is refused', () => {
  for (const text of ['', '-1', '1.', '.5', '1e3', '0x10', '1.23456', ' 1']) {
    assert.throws(() => parseDecimal(text, 4), RangeError, text)
  }
})

test('every count survives being written and read', () => {
  fc.assert(
    fc.property(fc.bigInt({ min: 0n, max: 10n ** 30n }), fc.nat(12), (value, scale) => {
      assert.equal(parseDecimal(formatDecimal(value, scale), scale), value)
    }),
  )
})
