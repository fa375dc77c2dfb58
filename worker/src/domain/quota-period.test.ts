import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createQuotaCalendar } from './quota-period.ts'

const spansAt = createQuotaCalendar()
const HOUR = 3_600_000

function written({ start, end }: { start: number; end: number }): string {
  return `${new Date(start).toISOString()} ${new Date(end).toISOString()}`
}

const CASES: readonly [string, string, string, string][] = [
  // One millisecond before midnight in Shanghai, and midnight.
  [
    'Asia/Shanghai',
    '2026-11-30T15:59:59.999Z',
    '2026-11-29T16:00:00.000Z 2026-11-30T16:00:00.000Z',
    '2026-10-31T16:00:00.000Z 2026-11-30T16:00:00.000Z',
  ],
  [
    'Asia/Shanghai',
    '2026-11-30T16:00:00.000Z',
    '2026-11-30T16:00:00.000Z 2026-12-01T16:00:00.000Z',
    '2026-11-30T16:00:00.000Z 2026-12-31T16:00:00.000Z',
  ],
  // Quarter hours.
  [
    'Asia/Kathmandu',
    '2026-02-28T18:15:00.000Z',
    '2026-02-28T18:15:00.000Z 2026-03-01T18:15:00.000Z',
    '2026-02-28T18:15:00.000Z 2026-03-31T18:15:00.000Z',
  ],
  // Days of 23 and 25 hours, and the month that has one of them.
  [
    'America/New_York',
    '2026-03-08T12:00:00.000Z',
    '2026-03-08T05:00:00.000Z 2026-03-09T04:00:00.000Z',
    '2026-03-01T05:00:00.000Z 2026-04-01T04:00:00.000Z',
  ],
  [
    'America/New_York',
    '2026-11-01T12:00:00.000Z',
    '2026-11-01T04:00:00.000Z 2026-11-02T05:00:00.000Z',
    '2026-11-01T04:00:00.000Z 2026-12-01T05:00:00.000Z',
  ],
  // Midnight itself is skipped.
  [
    'America/Santiago',
    '2026-09-06T12:00:00.000Z',
    '2026-09-06T04:00:00.000Z 2026-09-07T03:00:00.000Z',
    '2026-09-01T04:00:00.000Z 2026-10-01T03:00:00.000Z',
  ],
  [
    'Pacific/Kiritimati',
    '2028-02-29T09:59:00.000Z',
    '2028-02-28T10:00:00.000Z 2028-02-29T10:00:00.000Z',
    '2028-01-31T10:00:00.000Z 2028-02-29T10:00:00.000Z',
  ],
]

for (const [zone, at, day, month] of CASES) {
  test(`day and month in ${zone} at ${at}`, () => {
    const spans = spansAt(zone, Date.parse(at))
    assert.equal(written(spans.day), day)
    assert.equal(written(spans.month), month)
  })
}

test('a period begins where the one before has ended, hour by hour through years', () => {
  for (const zone of [
    'Asia/Shanghai',
    'America/New_York',
    'Australia/Lord_Howe',
    'Asia/Kathmandu',
  ]) {
    let last = spansAt(zone, Date.parse('2026-01-01T00:00:00Z'))
    for (let at = Date.parse('2026-01-01T00:00:00Z'); at < Date.parse('2028-03-01'); at += HOUR) {
      const spans = spansAt(zone, at)
      for (const period of ['day', 'month'] as const) {
        const { start, end } = spans[period]
        assert.ok(start <= at && at < end, `${zone} ${period} ${at}`)
        const isNext = start === last[period].end
        assert.ok(isNext || start === last[period].start, `${zone} ${period} ${at}: a gap`)
      }
      last = spans
    }
  }
})
