import assert from 'node:assert/strict'
import { mock, test } from 'node:test'
import { pino } from 'pino'
import { SLOT_LEASE_SECONDS, SLOT_RENEW_MS } from '#contract/stream-slot.ts'
import { createStreamSlots, type SlotStore, type StreamSlot } from './stream-slots.ts'

const log = pino({ level: 'silent' })

function slot(requestId: string): StreamSlot {
  return { uid: '1', policy: 'streams', requestId }
}

function setUp(changes: Partial<SlotStore> = {}) {
  const renewed: string[] = []
  const released: string[] = []
  const slots = createStreamSlots(
    {
      renew: async (all) => {
        renewed.push(all.map(({ requestId }) => requestId).join(' '))
      },
      release: async ({ requestId }) => {
        released.push(requestId)
      },
      ...changes,
    },
    log,
  )
  return { slots, renewed, released }
}

/** Runs `work` on a clock that it moves itself. */
async function onOwnClock(work: (pass: (ms: number) => void) => Promise<void>): Promise<void> {
  mock.timers.enable({ apis: ['setInterval', 'setTimeout'] })
  try {
    await work((ms) => mock.timers.tick(ms))
  } finally {
    mock.timers.reset()
  }
}

test('all held slots are renewed together, well before they lapse', () =>
  onOwnClock(async (pass) => {
    assert.ok(2 * SLOT_RENEW_MS <= SLOT_LEASE_SECONDS * 1000)
    const { slots, renewed } = setUp()
    slots.hold(slot('a'))
    pass(SLOT_RENEW_MS - 1)
    assert.deepEqual(renewed, [])
    slots.hold(slot('b'))
    pass(1)
    pass(SLOT_RENEW_MS)
    assert.deepEqual(renewed, ['a b', 'a b'])
  }))

test('a released slot is not renewed any more, and without slots nothing is asked', () =>
  onOwnClock(async (pass) => {
    const { slots, renewed, released } = setUp()
    slots.hold(slot('a'))
    slots.hold(slot('b'))
    await slots.release(slot('a'))
    pass(SLOT_RENEW_MS)
    await slots.release(slot('b'))
    pass(10 * SLOT_RENEW_MS)
    assert.deepEqual(renewed, ['b'])
    assert.deepEqual(released, ['a', 'b'])
    slots.hold(slot('c'))
    pass(SLOT_RENEW_MS)
    assert.deepEqual(renewed, ['b', 'c'])
  }))

test('a slot that was never held can be released', async () => {
  const { slots, released } = setUp()
  await slots.release(slot('x'))
  assert.deepEqual(released, ['x'])
})

test('renewing goes on after Redis was away', () =>
  onOwnClock(async (pass) => {
    let tries = 0
    const { slots } = setUp({
      renew: () => {
        tries += 1
        return Promise.reject(new Error('away'))
      },
    })
    slots.hold(slot('a'))
    pass(SLOT_RENEW_MS)
    await Promise.resolve()
    pass(SLOT_RENEW_MS)
    assert.equal(tries, 2)
  }))

test('releasing takes no noticeable time, whether Redis refuses or is silent', async () => {
  const refusing = setUp({ release: () => Promise.reject(new Error('away')) })
  const silent = setUp({ release: () => new Promise(() => {}) })
  const began = performance.now()
  await Promise.all([refusing.slots.release(slot('a')), silent.slots.release(slot('b'))])
  assert.ok(performance.now() - began < 400)
})
