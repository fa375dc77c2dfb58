import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import {
  afterSign,
  BREAK_AFTER,
  HEALTHY,
  type KeyHealth,
  type KeySign,
  pauseMs,
  readiness,
  TRIAL_MS,
  takeTrial,
} from './key-health.ts'

const FAILING: KeySign = { kind: 'failing' }
const GOOD: KeySign = { kind: 'good' }
/** Signs that say nothing about the server behind the key. */
const OTHERS: readonly KeySign[] = [
  { kind: 'nothing' },
  { kind: 'fault', fault: 'rejected' },
  { kind: 'fault', fault: 'no_balance' },
  { kind: 'busy', waitMs: 7000 },
]
const LONGEST_MS = 60_000

const anySign = fc.constantFrom(FAILING, FAILING, FAILING, GOOD, ...OTHERS)

function broken(now = 1000): KeyHealth {
  let health = HEALTHY
  for (let i = 0; i < BREAK_AFTER; i += 1) health = afterSign(health, FAILING, false, now)
  return health
}

test('so many failures in a row and not one less open the breaker', () => {
  let health = HEALTHY
  for (let i = 1; i < BREAK_AFTER; i += 1) {
    health = afterSign(health, FAILING, false, 1000)
    assert.equal(readiness(health, 1000), 'ready', `after ${i}`)
  }
  health = afterSign(health, FAILING, false, 1000)
  assert.equal(readiness(health, 1000 + pauseMs(1) - 1), 'waiting')
  assert.equal(readiness(health, 1000 + pauseMs(1)), 'trial')
})

test('a good call in between starts the count anew, any other does not', () => {
  for (const sign of [GOOD, ...OTHERS]) {
    let health = HEALTHY
    for (let i = 1; i < BREAK_AFTER; i += 1) health = afterSign(health, FAILING, false, 0)
    health = afterSign(afterSign(health, sign, false, 0), FAILING, false, 0)
    assert.equal(readiness(health, 0), sign === GOOD ? 'ready' : 'waiting', sign.kind)
  }
})

test('one call tries; what it meets decides, and the pause grows up to a minute', () => {
  let now = 1000
  let health = broken(now)
  const pauses: number[] = []
  for (let i = 0; i < 6; i += 1) {
    pauses.push(health.openUntil - now)
    now = health.openUntil
    health = takeTrial(health, TRIAL_MS, now)
    assert.equal(readiness(health, now), 'waiting', 'a second call tried')
    health = afterSign(health, FAILING, true, now)
  }
  assert.deepEqual(pauses, [5000, 10_000, 20_000, 40_000, 60_000, 60_000])
  now = health.openUntil
  assert.deepEqual(afterSign(takeTrial(health, TRIAL_MS, now), GOOD, true, now), HEALTHY)
})

test('a trial that told nothing makes room for the next', () => {
  const health = broken()
  const now = health.openUntil
  for (const sign of OTHERS) {
    const after = afterSign(takeTrial(health, TRIAL_MS, now), sign, true, now)
    assert.equal(readiness(after, now), 'trial', sign.kind)
  }
  const lost = takeTrial(health, TRIAL_MS, now)
  assert.equal(readiness(lost, now + TRIAL_MS - 1), 'waiting')
  assert.equal(readiness(lost, now + TRIAL_MS), 'trial')
})

test('late failures of calls from before the break do not lengthen the pause', () => {
  const health = broken()
  assert.deepEqual(afterSign(health, FAILING, false, 4000), health)
})

interface Step {
  readonly waitMs: number
  readonly sign: KeySign
  /** Whether a call begins if one may, or an earlier one ends. */
  readonly begins: boolean
}

const anyStep: fc.Arbitrary<Step> = fc.record({
  waitMs: fc.nat(20_000),
  sign: anySign,
  begins: fc.boolean(),
})

test('whatever calls meet: one trial at a time, no break without failures, no break for ever', () => {
  fc.assert(
    fc.property(fc.array(anyStep, { maxLength: 200 }), (steps) => {
      let now = 0
      let health = HEALTHY
      /** Running calls: when the trial that they have ends, or undefined. */
      const running: (number | undefined)[] = []
      let failuresSinceGood = 0
      for (const { waitMs, sign, begins } of steps) {
        now += waitMs
        const state = readiness(health, now)
        if (begins) {
          if (state === 'waiting') continue
          if (state === 'trial') health = takeTrial(health, TRIAL_MS, now)
          running.push(state === 'trial' ? now + TRIAL_MS : undefined)
        } else {
          if (running.length === 0) continue
          const ended = running.shift()
          if (sign.kind === 'good') failuresSinceGood = 0
          if (sign.kind === 'failing') failuresSinceGood += 1
          const isTrial = ended !== undefined && now < ended
          health = afterSign(health, sign, isTrial, now)
        }
        const trials = running.filter((until) => until !== undefined && now < until).length
        if (health.openUntil !== 0) assert.ok(trials <= 1, `${trials} trials at once`)
        if (failuresSinceGood < BREAK_AFTER) assert.equal(readiness(health, now), 'ready')
        assert.ok(health.openUntil <= now + LONGEST_MS, 'a pause beyond the longest')
        assert.notEqual(readiness(health, now + LONGEST_MS + TRIAL_MS), 'waiting')
      }
    }),
  )
})
