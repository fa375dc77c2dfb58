import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { createCalendar } from './periods.ts'

function starts(timeZone: string, now: string) {
  const { today, week, month } = createCalendar(timeZone)(Date.parse(now))
  const iso = (instant: number) => new Date(instant).toISOString()
  return { today: iso(today), week: iso(week), month: iso(month) }
}

test('a day changes at midnight in Shanghai, not in UTC', () => {
  assert.deepEqual(starts('Asia/Shanghai', '2026-11-22T15:59:59.999Z'), {
    today: '2026-11-21T16:00:00.000Z',
    week: '2026-11-15T16:00:00.000Z',
    month: '2026-10-31T16:00:00.000Z',
  })
  assert.deepEqual(starts('Asia/Shanghai', '2026-11-22T16:00:00.000Z'), {
    today: '2026-11-22T16:00:00.000Z',
    week: '2026-11-22T16:00:00.000Z',
    month: '2026-10-31T16:00:00.000Z',
  })
})

test('Sunday is the last day of its week, Monday the first', () => {
  assert.equal(starts('UTC', '2026-11-22T23:59:00Z').week, '2026-11-16T00:00:00.000Z')
  assert.equal(starts('UTC', '2026-11-23T00:01:00Z').week, '2026-11-23T00:00:00.000Z')
})

test('offsets of three quarters of an hour', () => {
  assert.equal(starts('Asia/Kathmandu', '2026-11-22T18:14:59Z').today, '2026-11-21T18:15:00.000Z')
  assert.equal(starts('Asia/Kathmandu', '2026-11-22T18:15:00Z').today, '2026-11-22T18:15:00.000Z')
})

test('a day of 23 hours and one of 25', () => {
  const spring = starts('Europe/Berlin', '2026-03-29T20:00:00Z')
  assert.equal(spring.today, '2026-03-28T23:00:00.000Z')
  assert.equal(starts('Europe/Berlin', '2026-03-30T12:00:00Z').today, '2026-03-29T22:00:00.000Z')
  const autumn = starts('Europe/Berlin', '2026-10-25T20:00:00Z')
  assert.equal(autumn.today, '2026-10-24T22:00:00.000Z')
  assert.equal(starts('Europe/Berlin', '2026-10-26T12:00:00Z').today, '2026-10-25T23:00:00.000Z')
})

test('a day whose midnight does not exist begins when the clocks change', () => {
  // Cairo goes from 23:59:59 to 01:00 on the last Friday of April.
  assert.equal(starts('Africa/Cairo', '2026-04-24T12:00:00Z').today, '2026-04-23T22:00:00.000Z')
})

test('months and years end, also when the week began before them', () => {
  assert.deepEqual(starts('Pacific/Kiritimati', '2026-12-31T10:00:00Z'), {
    today: '2026-12-31T10:00:00.000Z',
    week: '2026-12-27T10:00:00.000Z',
    month: '2026-12-31T10:00:00.000Z',
  })
  assert.equal(starts('UTC', '2028-02-29T12:00:00Z').month, '2028-02-01T00:00:00.000Z')
  assert.equal(starts('UTC', '2027-01-01T00:00:00Z').week, '2026-12-28T00:00:00.000Z')
})

test('at any time in any zone: a day is at most 25 hours, week and month hold it', () => {
  const zones = ['Asia/Shanghai', 'America/New_York', 'Australia/Lord_Howe', 'Africa/Cairo', 'UTC']
  const calendars = zones.map(createCalendar)
  const from = Date.parse('2020-01-01T00:00:00Z')
  const instants = fc.integer({ min: from, max: from + 10 * 366 * 86_400_000 })
  fc.assert(
    fc.property(fc.constantFrom(...calendars), instants, (calendar, now) => {
      const { today, week, month } = calendar(now)
      assert.ok(today <= now && now - today < 25 * 3_600_000)
      assert.ok(week <= today && today - week <= 6 * 86_400_000 + 3_600_000)
      assert.ok(month <= today && today - month <= 30 * 86_400_000 + 3_600_000)
      assert.equal(calendar(today).today, today)
      assert.notEqual(calendar(today - 1).today, today)
    }),
  )
})
