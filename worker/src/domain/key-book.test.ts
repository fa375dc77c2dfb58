import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { createKeyBook, FAULT_MS, type KeyBook } from './key-book.ts'
import { BREAK_AFTER, type KeySign, PICKED_MS, pauseMs, TRIAL_MS } from './key-health.ts'
import type { PooledKey } from './upstream-key.ts'

function key(id: string, changes: Partial<PooledKey> = {}): PooledKey {
  return {
    ...{ id, alias: id, secret: `sk-${id}`, baseUrl: 'https://a.example', weight: 1 },
    ...{ standin: false, account: `#${id}`, version: 1, fault: null },
    ...changes,
  }
}

function breakKey(book: KeyBook, broken: PooledKey, now: number): void {
  for (let i = 0; i < BREAK_AFTER; i += 1) book.note(broken, { kind: 'failing' }, false, now)
}

test('a 429 keeps calls from all keys of the account, and from no other', () => {
  const book = createKeyBook()
  const [one, two, other] = [key('1', { account: 'a' }), key('2', { account: 'a' }), key('3')]
  book.note(one, { kind: 'busy', waitMs: 7000 }, false, 1000)
  for (const cooled of [one, two]) {
    assert.deepEqual(book.obstacle(cooled, 7999), { kind: 'cooling', until: 8000 })
    assert.equal(book.obstacle(cooled, 8000), undefined)
  }
  assert.equal(book.obstacle(other, 1000), undefined)
  // A shorter wait that comes later does not end the longer one.
  book.note(two, { kind: 'busy', waitMs: 1000 }, false, 2000)
  assert.deepEqual(book.obstacle(one, 2000), { kind: 'cooling', until: 8000 })
})

test('what is stored against a key holds, what is known here only holds for a minute', () => {
  const book = createKeyBook()
  const fault = { kind: 'fault', fault: 'rejected' } as const
  book.note(key('1'), fault, false, 0)
  assert.deepEqual(book.obstacle(key('1'), FAULT_MS - 1), fault)
  assert.equal(book.obstacle(key('1'), FAULT_MS), undefined)
  assert.deepEqual(book.obstacle(key('1', { fault: 'no_balance' }), FAULT_MS * 100), {
    kind: 'fault',
    fault: 'no_balance',
  })
})

test('a key that was replaced or let in again starts anew', () => {
  const book = createKeyBook()
  breakKey(book, key('1'), 0)
  book.note(key('1'), { kind: 'fault', fault: 'rejected' }, false, 0)
  assert.notEqual(book.obstacle(key('1'), 1), undefined)
  assert.equal(book.obstacle(key('1', { version: 2 }), 1), undefined)
})

test('what an earlier key has met is not held against the one that replaced it', () => {
  const book = createKeyBook()
  const [old, replaced] = [1, 2].map((version) => key('1', { account: 'a', version })) as [
    PooledKey,
    PooledKey,
  ]
  breakKey(book, replaced, 0)
  const broken = book.obstacle(replaced, 0)
  assert.equal(broken?.kind, 'failing')
  // None of these ends what is known of the new key, and none adds to it.
  book.note(old, { kind: 'good' }, false, 0)
  book.note(old, { kind: 'busy', waitMs: 60_000 }, false, 0)
  book.note(old, { kind: 'fault', fault: 'rejected' }, false, 0)
  assert.deepEqual(book.obstacle(replaced, 0), broken)
  const now = pauseMs(1)
  book.keepTrial(old, TRIAL_MS, now)
  assert.equal(book.takeTrial(replaced, TRIAL_MS, now), true)
})

test('after the pause the trial is taken once, for as long as it is kept', () => {
  const book = createKeyBook()
  const broken = key('1')
  assert.equal(book.takeTrial(broken, PICKED_MS, 0), false)
  breakKey(book, broken, 0)
  const now = pauseMs(1)
  assert.deepEqual(book.obstacle(broken, now - 1), { kind: 'failing', until: now })
  assert.equal(book.obstacle(broken, now), undefined)
  assert.equal(book.takeTrial(broken, PICKED_MS, now), true)
  assert.equal(book.takeTrial(broken, PICKED_MS, now), false)
  assert.equal(book.obstacle(broken, now)?.kind, 'failing')
  assert.equal(book.obstacle(broken, now + PICKED_MS), undefined, 'a call that never began')
  book.keepTrial(broken, TRIAL_MS, now)
  assert.equal(book.obstacle(broken, now + PICKED_MS)?.kind, 'failing')
  book.note(broken, { kind: 'good' }, true, now)
  assert.equal(book.obstacle(broken, now), undefined)
})

const KEYS = [key('1', { account: 'a' }), key('2', { account: 'a' }), key('3'), key('4')] as const

interface Step {
  readonly waitMs: number
  readonly at: number
  readonly sign: KeySign
}

const anyStep: fc.Arbitrary<Step> = fc.record({
  waitMs: fc.nat(4000),
  at: fc.nat(KEYS.length - 1),
  sign: fc.oneof(
    fc.constantFrom<KeySign>({ kind: 'failing' }, { kind: 'good' }, { kind: 'nothing' }),
    fc.record({ kind: fc.constant('busy' as const), waitMs: fc.integer({ min: 1, max: 9000 }) }),
    fc.record({
      kind: fc.constant('fault' as const),
      fault: fc.constantFrom('rejected' as const, 'no_balance' as const),
    }),
  ),
})

test('whatever calls meet, an obstacle has its reason and its end', () => {
  fc.assert(
    fc.property(fc.array(anyStep, { maxLength: 100 }), (steps) => {
      const book = createKeyBook()
      let now = 0
      const history: { readonly id: string; readonly sign: KeySign; readonly at: number }[] = []
      for (const { waitMs, at, sign } of steps) {
        now += waitMs
        const called = KEYS[at]
        if (called === undefined || book.obstacle(called, now) !== undefined) continue
        const isTrial = book.takeTrial(called, TRIAL_MS, now)
        book.note(called, sign, isTrial, now)
        history.push({ id: called.id, sign, at: now })
        for (const seen of KEYS) {
          const own = history.filter(({ id }) => id === seen.id)
          const obstacle = book.obstacle(seen, now)
          if (obstacle?.kind === 'fault') assert.equal(own.at(-1)?.sign.kind, 'fault')
          if (obstacle?.kind === 'failing') {
            const since = own.findLastIndex((past) => past.sign.kind === 'good') + 1
            const failures = own.slice(since).filter((past) => past.sign.kind === 'failing')
            assert.ok(failures.length >= BREAK_AFTER)
          }
          const group = KEYS.filter(({ account }) => account === seen.account).map(({ id }) => id)
          const isCooling = history.some(
            (past) =>
              group.includes(past.id) &&
              past.sign.kind === 'busy' &&
              now < past.at + past.sign.waitMs,
          )
          if (isCooling) assert.ok(obstacle?.kind === 'cooling' || obstacle?.kind === 'fault')
          else assert.notEqual(obstacle?.kind, 'cooling')
        }
      }
      for (const seen of KEYS) assert.equal(book.obstacle(seen, now + FAULT_MS), undefined)
    }),
  )
})
