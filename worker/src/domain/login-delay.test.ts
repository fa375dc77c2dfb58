import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createLocalAttempts, FREE_FAILURES, LOGIN_WINDOW_S, loginDelayS } from './login-delay.ts'

test('ten failures are free, then the delay doubles up to the window', () => {
  assert.equal(loginDelayS(0), 0)
  assert.equal(loginDelayS(FREE_FAILURES), 0)
  assert.deepEqual([11, 12, 13, 20].map(loginDelayS), [1, 2, 4, 512])
  assert.equal(loginDelayS(21), LOGIN_WINDOW_S)
  assert.equal(loginDelayS(2000), LOGIN_WINDOW_S)
})

function setUp() {
  const clock = { ms: 1_000_000 }
  const attempts = createLocalAttempts(() => clock.ms)
  let count = 0
  const reserve = (subject = 'anna') => {
    count += 1
    return attempts.reserve(subject, String(count))
  }
  const fail = (times: number) => {
    for (let n = 0; n < times; n += 1) assert.equal(reserve(), 0)
  }
  return { clock, attempts, reserve, fail }
}

test('a refused attempt says how long to wait, and does not count', () => {
  const { clock, reserve, fail } = setUp()
  fail(11)
  assert.equal(reserve(), 1000)
  clock.ms += 400
  assert.equal(reserve(), 600)
  clock.ms += 600
  assert.equal(reserve(), 0)
  assert.equal(reserve(), 2000)
  assert.equal(reserve('bert'), 0)
})

test('nobody is locked out for good', () => {
  const { clock, reserve, fail } = setUp()
  fail(11)
  let longest = 0
  for (let attempt = 0; attempt < 200; attempt += 1) {
    const wait = reserve()
    longest = Math.max(longest, wait)
    clock.ms += wait
  }
  assert.ok(longest > 60_000 && longest <= LOGIN_WINDOW_S * 1000, String(longest))
  clock.ms += LOGIN_WINDOW_S * 1000
  fail(11)
})

test('success forgets the failures, and an attempt that nobody judged does not count', () => {
  const { attempts, reserve, fail } = setUp()
  fail(11)
  attempts.reset('anna')
  fail(11)
  attempts.release('anna', '22')
  assert.equal(reserve(), 0)
  attempts.release('nobody', '1')
})

test('memory is bounded: the account that was tried longest ago is forgotten', () => {
  const { reserve, fail } = setUp()
  fail(11)
  for (let n = 0; n < 10_000; n += 1) reserve(`other ${n}`)
  assert.equal(reserve(), 0)
})
