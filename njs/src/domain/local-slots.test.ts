import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { parsePolicies } from '../contract/limit-policy.ts'
import { assignSubjects, bindPolicies } from './bound-policy.ts'
import { recordSlot, type SlotStore, takeSlots } from './local-slots.ts'

/** Shared memory with a clock of its own, as nginx's zones behave. */
class Memory implements SlotStore {
  now = 0
  /** How often a key was looked at or taken. */
  touched = 0
  #begun = 0
  readonly #until = new Map<string, number>()
  readonly #room: number

  constructor(room = Number.POSITIVE_INFINITY) {
    this.#room = room
  }

  add(key: string, untilMs: number): boolean {
    this.touched += 1
    if (this.until(key) !== undefined) return false
    this.replace(key, untilMs)
    return true
  }

  replace(key: string, untilMs: number): void {
    if (!this.#until.has(key) && this.#until.size >= this.#room) throw new Error('no memory')
    this.#until.set(key, untilMs)
  }

  until(key: string): number | undefined {
    this.touched += 1
    const until = this.#until.get(key)
    return until !== undefined && until > this.now ? until : undefined
  }

  remove(key: string): void {
    this.#until.delete(key)
  }

  begin(count: number): number {
    this.#begun += 1
    return (this.#begun * 7) % count
  }

  get taken(): number {
    return [...this.#until.values()].filter((until) => until > this.now).length
  }
}

function bind(text: string) {
  return bindPolicies(assignSubjects(parsePolicies(text), 'ip'), undefined, 'ip:192.0.2.1')
}

const chat = bind('"chat";q=5;w=60')

test('five of any sixty seconds are admitted, whatever the times', () => {
  const gaps = fc.array(fc.integer({ min: 0, max: 30_000 }), { minLength: 1, maxLength: 80 })
  fc.assert(
    fc.property(gaps, (waits) => {
      const memory = new Memory()
      const admitted: number[] = []
      for (const wait of waits) {
        memory.now += wait
        const inWindow = admitted.filter((at) => at > memory.now - 60_000).length
        const count = takeSlots(memory, chat, memory.now)
        assert.equal(count.admitted, inWindow < 5)
        if (count.admitted) admitted.push(memory.now)
      }
    }),
  )
})

test('what Redis admitted takes slots, so that the switch does not double a limit', () => {
  const gaps = fc.array(fc.integer({ min: 0, max: 30_000 }), { minLength: 1, maxLength: 60 })
  fc.assert(
    fc.property(gaps, fc.integer({ min: 1, max: 60 }), (waits, switchAt) => {
      const memory = new Memory()
      const admitted: number[] = []
      for (const [index, wait] of waits.entries()) {
        memory.now += wait
        const used = admitted.filter((at) => at > memory.now - 60_000).length
        if (index >= switchAt) {
          if (takeSlots(memory, chat, memory.now).admitted) admitted.push(memory.now)
        } else if (used < 5) {
          for (const { policy, subject } of chat) recordSlot(memory, policy, subject, memory.now)
          admitted.push(memory.now)
        }
        assert.ok(admitted.filter((at) => at > memory.now - 60_000).length <= 5)
      }
    }),
  )
})

test('a refusal says when the next slot frees itself', () => {
  const memory = new Memory()
  for (let index = 0; index < 5; index++) {
    memory.now = index * 1000
    assert.equal(takeSlots(memory, chat, memory.now).states[0]?.remaining, 4 - index)
  }
  memory.now = 10_000
  const { admitted, states, keys } = takeSlots(memory, chat, memory.now)
  assert.equal(admitted, false)
  assert.deepEqual(keys, [])
  assert.deepEqual([states[0]?.remaining, states[0]?.resetMs], [0, 50_000])
})

test('all or nothing: a policy with room gives its slot back', () => {
  const memory = new Memory()
  const both = bind('"wide";q=100;w=60, "narrow";q=1;w=60')
  assert.equal(takeSlots(memory, both, 0).admitted, true)
  assert.equal(takeSlots(memory, both, 0).admitted, false)
  assert.equal(memory.taken, 2)
})

test('a refusal blames the exhausted policy only, and what is left counts all slots', () => {
  const memory = new Memory()
  const both = bind('"wide";q=2;w=60, "narrow";q=1;w=60')
  takeSlots(memory, both, 0)
  const { states } = takeSlots(memory, both, 0)
  assert.deepEqual(
    states.map(({ remaining }) => remaining),
    [1, 0],
  )
  // The first of five slots is free again while the later ones are still taken.
  const times = [0, 50_000, 50_000, 50_000]
  for (const at of times) {
    memory.now = at
    takeSlots(memory, chat, at)
  }
  memory.now = 70_000
  const [state] = takeSlots(memory, chat, memory.now).states
  assert.deepEqual([state?.remaining, state?.resetMs], [1, 40_000])
})

test('a large quota is exact, and what it costs does not grow with it', () => {
  const memory = new Memory()
  const many = bind('"many";q=2000;w=60')
  for (let count = 0; count < 1900; count++) {
    assert.equal(takeSlots(memory, many, memory.now).admitted, true)
  }
  assert.ok(memory.touched / 1900 < 200, `${memory.touched / 1900} looks for each`)
  const { states } = takeSlots(memory, many, memory.now)
  assert.ok(Math.abs((states[0]?.remaining ?? 0) - 99) < 60, `${states[0]?.remaining} are left`)
  for (let count = 1901; count < 2000; count++) {
    assert.equal(takeSlots(memory, many, memory.now).admitted, true)
  }
  const refused = takeSlots(memory, many, memory.now)
  assert.equal(refused.admitted, false)
  assert.deepEqual([refused.states[0]?.remaining, refused.states[0]?.resetMs], [0, 60_000])
})

test('a slot that is still taken frees itself in the future, though the store lags behind', () => {
  const memory = new Memory()
  const one = bind('"one";q=1;w=60')
  takeSlots(memory, one, 0)
  memory.now = 59_999
  assert.equal(takeSlots(memory, one, 60_005).states[0]?.resetMs, 1)
})

test('a full store admits nobody and keeps nothing', () => {
  const memory = new Memory(1)
  assert.throws(() => takeSlots(memory, bind('"a";q=5;w=60, "b";q=5;w=60'), 0), /no memory/)
  assert.equal(memory.taken, 0)
})

test('running answers are not counted here', () => {
  const memory = new Memory()
  const streams = bind('"streams";q=1;qu="concurrent-requests"')
  assert.deepEqual(takeSlots(memory, streams, 0), { admitted: true, states: [], keys: [] })
})
