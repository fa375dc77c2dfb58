import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { createTimeZone, mondayOf, timeZoneOf } from './time-zone.ts'

/** The wall clock as Intl writes it. */
function written(name: string, instant: number): string {
  const text = new Intl.DateTimeFormat('sv-SE', {
    timeZone: name,
    dateStyle: 'short',
    timeStyle: 'medium',
  }).format(instant)
  return text.replace(' ', 'T')
}

test('in every zone the wall clock is the one that Intl writes', () => {
  const names = Intl.supportedValuesOf('timeZone')
  const [from, to] = [Date.UTC(2000, 0, 1), Date.UTC(2040, 0, 1)]
  fc.assert(
    fc.property(fc.constantFrom(...names), fc.integer({ min: from, max: to }), (name, instant) => {
      const zone = timeZoneOf(name)
      const wall = new Date(zone.wallClock(instant)).toISOString().slice(0, 19)
      assert.equal(wall, written(name, instant), name)
      const { year, month, day } = zone.dateOf(instant)
      assert.equal(Date.UTC(year, month - 1, day), Date.parse(`${wall.slice(0, 10)}T00:00:00Z`))
    }),
    { numRuns: 1000 },
  )
})

test('around a change of clocks, and after it is known', () => {
  const name = 'America/New_York'
  const zone = createTimeZone(name)
  const change = Date.parse('2026-03-08T07:00:00Z')
  for (const at of [change - 1, change, change + 1, change - 1]) {
    assert.equal(new Date(zone.wallClock(at)).toISOString().slice(0, 19), written(name, at))
  }
})

test('what is no zone is thrown', () => {
  assert.throws(() => timeZoneOf('Mars/Olympus'), RangeError)
})

test('a week begins on Monday, also in another month', () => {
  assert.deepEqual(mondayOf({ year: 2026, month: 11, day: 22 }), { year: 2026, month: 11, day: 16 })
  assert.deepEqual(mondayOf({ year: 2026, month: 11, day: 16 }), { year: 2026, month: 11, day: 16 })
  assert.deepEqual(mondayOf({ year: 2026, month: 12, day: 1 }), { year: 2026, month: 12, day: 0 })
})
