import assert from 'node:assert/strict'
import { test } from 'node:test'
import { secondsLeft, startCountdown } from './countdown.ts'

test('seconds left are rounded up and never negative', () => {
  assert.equal(secondsLeft(10_000, 10_000), 0)
  assert.equal(secondsLeft(10_000, 9_999), 1)
  assert.equal(secondsLeft(10_000, 8_000), 2)
  assert.equal(secondsLeft(10_000, 60_000), 0)
})

test('a countdown ticks once a second, down to 0, then stops', (t) => {
  t.mock.timers.enable({ apis: ['setInterval', 'Date'] })
  const ticks: number[] = []
  startCountdown(3, (left) => ticks.push(left))
  for (let ms = 0; ms < 10_000; ms += 100) t.mock.timers.tick(100)
  assert.deepEqual(ticks, [3, 2, 1, 0])
})

test('a countdown that was ended does not tick', (t) => {
  t.mock.timers.enable({ apis: ['setInterval', 'Date'] })
  const ticks: number[] = []
  const stop = startCountdown(3, (left) => ticks.push(left))
  stop()
  t.mock.timers.tick(10_000)
  assert.deepEqual(ticks, [3])
})
