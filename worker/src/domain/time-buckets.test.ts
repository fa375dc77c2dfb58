import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { type BucketSize, bucketEdges, type NamedRange, rangeOf } from './time-buckets.ts'
import { createTimeZone } from './time-zone.ts'

const HOUR_MS = 3_600_000

function edges(zone: string, size: BucketSize, from: string, to: string) {
  const found = bucketEdges(createTimeZone(zone), size, Date.parse(from), Date.parse(to))
  return found?.map((edge) => new Date(edge).toISOString().slice(0, 16))
}

/** Returns the lengths of the buckets in hours. */
function lengths(zone: string, size: BucketSize, from: string, to: string) {
  const found = bucketEdges(createTimeZone(zone), size, Date.parse(from), Date.parse(to)) ?? []
  return found.slice(1).map((edge, index) => (edge - (found[index] ?? 0)) / HOUR_MS)
}

test('days begin at local midnight, hours at the local hour', () => {
  assert.deepEqual(edges('Asia/Shanghai', 'day', '2026-11-22T15:59:00Z', '2026-11-22T16:01:00Z'), [
    '2026-11-21T16:00',
    '2026-11-22T16:00',
    '2026-11-23T16:00',
  ])
  assert.deepEqual(
    edges('Asia/Kathmandu', 'hour', '2026-11-22T10:14:59.999Z', '2026-11-22T10:15:00.001Z'),
    ['2026-11-22T09:15', '2026-11-22T10:15', '2026-11-22T11:15'],
  )
})

test('what ends at an edge has no empty bucket after it', () => {
  assert.deepEqual(edges('UTC', 'hour', '2026-11-22T10:00:00Z', '2026-11-22T11:00:00Z'), [
    '2026-11-22T10:00',
    '2026-11-22T11:00',
  ])
})

test('clocks change: days of 23 and 25 hours, as many hours', () => {
  const spring = [
    'America/New_York',
    'day',
    '2026-03-07T12:00:00Z',
    '2026-03-09T12:00:00Z',
  ] as const
  assert.deepEqual(lengths(...spring), [24, 23, 24])
  const autumn = [
    'America/New_York',
    'day',
    '2026-10-31T12:00:00Z',
    '2026-11-02T12:00:00Z',
  ] as const
  assert.deepEqual(lengths(...autumn), [24, 25, 24])
  const long = lengths('America/New_York', 'hour', '2026-11-01T04:00:00Z', '2026-11-02T05:00:00Z')
  assert.deepEqual(long, Array(25).fill(1))
})

test('clocks that change by half an hour', () => {
  const day = lengths('Australia/Lord_Howe', 'day', '2026-10-03T20:00:00Z', '2026-10-04T01:00:00Z')
  assert.deepEqual(day, [23.5])
  const hours = lengths(
    'Australia/Lord_Howe',
    'hour',
    '2026-10-03T14:30:00Z',
    '2026-10-03T18:00:00Z',
  )
  assert.deepEqual(hours, [1, 0.5, 1, 1])
})

test('a day without midnight, and a date that never was', () => {
  const cairo = lengths('Africa/Cairo', 'day', '2026-04-23T12:00:00Z', '2026-04-25T12:00:00Z')
  assert.deepEqual(cairo, [24, 23, 24])
  // Samoa went from the 29th to the 31st of December 2011.
  assert.deepEqual(edges('Pacific/Apia', 'day', '2011-12-29T12:00:00Z', '2011-12-31T12:00:00Z'), [
    '2011-12-29T10:00',
    '2011-12-30T10:00',
    '2011-12-31T10:00',
    '2012-01-01T10:00',
  ])
})

test('too many buckets are none', () => {
  assert.equal(edges('UTC', 'day', '2024-01-01T00:00:00Z', '2025-01-01T00:00:00Z')?.length, 367)
  assert.equal(edges('UTC', 'day', '2024-01-01T00:00:00Z', '2025-01-01T00:00:01Z'), undefined)
  assert.equal(edges('UTC', 'hour', '2026-01-01T00:00:00Z', '2026-03-01T00:00:00Z'), undefined)
})

test('in any zone buckets follow each other, at most an hour or 25 hours long', () => {
  const names = ['Asia/Kathmandu', 'America/New_York', 'Australia/Lord_Howe', 'Africa/Cairo', 'UTC']
  const zones = names.map(createTimeZone)
  const from = Date.parse('2020-01-01T00:00:00Z')
  fc.assert(
    fc.property(
      fc.constantFrom(...zones),
      fc.constantFrom('hour' as const, 'day' as const),
      fc.integer({ min: from, max: from + 10 * 366 * 24 * HOUR_MS }),
      fc.integer({ min: 1, max: 20 * 24 * HOUR_MS }),
      (zone, size, begin, length) => {
        const found = bucketEdges(zone, size, begin, begin + length) ?? []
        assert.ok((found[0] ?? 0) <= begin && (found[1] ?? 0) > begin)
        assert.ok((found.at(-1) ?? 0) >= begin + length && (found.at(-2) ?? 0) < begin + length)
        const most = size === 'hour' ? HOUR_MS : 25 * HOUR_MS
        for (const [index, edge] of found.slice(1).entries()) {
          const before = found[index] ?? 0
          assert.ok(edge > before && edge - before <= most, new Date(before).toISOString())
        }
      },
    ),
  )
})

test('named ranges are whole local days, and end with today', () => {
  const zone = createTimeZone('Asia/Shanghai')
  // Sunday, 22 November 2026, 23:59 in Shanghai; then Monday, 00:01.
  const [sunday, monday] = ['2026-11-22T15:59:00Z', '2026-11-22T16:01:00Z']
  const days = (name: NamedRange, now: string) => {
    const { from, to } = rangeOf(zone, name, Date.parse(now))
    const local = (at: number) => new Date(zone.wallClock(at)).toISOString().slice(5, 10)
    return [local(from), local(to)]
  }
  assert.deepEqual(days('today', sunday), ['11-22', '11-23'])
  assert.deepEqual(days('today', monday), ['11-23', '11-24'])
  assert.deepEqual(days('yesterday', monday), ['11-22', '11-23'])
  assert.deepEqual(days('week', sunday), ['11-16', '11-23'])
  assert.deepEqual(days('week', monday), ['11-23', '11-24'])
  assert.deepEqual(days('month', monday), ['11-01', '11-24'])
  assert.deepEqual(days('last_month', '2026-12-31T16:30:00Z'), ['12-01', '01-01'])
  assert.deepEqual(days('last_month', '2028-03-01T03:00:00Z'), ['02-01', '03-01'])
  assert.deepEqual(days('7d', sunday), ['11-16', '11-23'])
  assert.deepEqual(days('30d', '2028-03-01T03:00:00Z'), ['02-01', '03-02'])
})
