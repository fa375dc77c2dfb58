import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isPinnedAfter } from './scroll-pin.ts'

test('moving up ends following, however little', () => {
  assert.equal(isPinnedAfter(true, { from: 500, to: 490, below: 10 }), false)
})

test('a text that became shorter does not end following', () => {
  assert.equal(isPinnedAfter(true, { from: 500, to: 300, below: 0 }), true)
})

test('coming back near the bottom takes following up again', () => {
  assert.equal(isPinnedAfter(false, { from: 100, to: 400, below: 200 }), false)
  assert.equal(isPinnedAfter(false, { from: 400, to: 560, below: 40 }), true)
})

test('growing text alone changes nothing', () => {
  assert.equal(isPinnedAfter(true, { from: 500, to: 500, below: 300 }), true)
  assert.equal(isPinnedAfter(false, { from: 500, to: 500, below: 300 }), false)
})
