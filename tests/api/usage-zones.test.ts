/** Days, hours and months of people in their own zones. */

import assert from 'node:assert/strict'
import type { Me, Page, UsageRecord } from '#contract/api.ts'
import type { UsageSeries } from '#contract/usage.ts'
import type { Plan } from '../../scripts/stack/plan.ts'
import { signedIn } from '../support/accounts.ts'
import type { Client } from '../support/client.ts'
import { useStack } from '../support/test-stack.ts'
import { addPastCalls } from '../support/usage-fixture.ts'

const { stackTest } = useStack()

/** Returns somebody who lives there and made a call at each of these times, the first of 1 token, the next of 2, 4 … */
async function personWith(plan: Plan, timezone: string, times: readonly string[]): Promise<Client> {
  const { client, account } = await signedIn(plan)
  const answer = await client.send('/api/me', { method: 'PATCH', body: { timezone } })
  assert.equal(answer.status, 200, answer.text)
  const calls = times.map((time, index) => ({
    ...{ startedAt: new Date(time), promptTokens: 2 ** index, completionTokens: 0, cost: '0' },
  }))
  await addPastCalls(plan, account, calls)
  return client
}

/** Returns the tokens of each bucket, and how long each is in minutes. */
async function series(client: Client, query: string) {
  const answer = await client.send(`/api/usage/series?${query}`)
  assert.equal(answer.status, 200, answer.text)
  const { buckets, end, lines, timezone } = answer.json<UsageSeries>()
  const edges = [...buckets, end].map((text) => Date.parse(text))
  return {
    timezone,
    first: buckets[0],
    tokens: (lines[0]?.points ?? []).map(({ prompt_tokens }) => prompt_tokens),
    minutes: edges.slice(1).map((edge, index) => (edge - (edges[index] ?? 0)) / 60_000),
  }
}

const HOURS = (count: number) => Array<number>(count).fill(60)

stackTest('the zone of the installation holds until one is chosen', async ({ plan }) => {
  const { client } = await signedIn(plan)
  const zone = async () => (await client.send('/api/me')).json<Me>().timezone
  assert.equal(await zone(), 'Asia/Shanghai')
  for (const [timezone, expected] of [
    ['Asia/Kathmandu', 'Asia/Kathmandu'],
    [null, 'Asia/Shanghai'],
  ]) {
    const answer = await client.send('/api/me', { method: 'PATCH', body: { timezone } })
    assert.deepEqual([answer.status, answer.json()], [200, { timezone: expected }])
    assert.equal(await zone(), expected)
  }
})

stackTest('23:59 and 00:01 in Shanghai are two days', async ({ plan }) => {
  const times = [
    '2026-05-09T15:59:00Z',
    '2026-05-09T15:59:59.999Z',
    '2026-05-09T16:00:00Z',
    '2026-05-09T16:01:00Z',
  ]
  const client = await personWith(plan, 'Asia/Shanghai', times)
  const { tokens, first } = await series(client, 'from=2026-05-09&to=2026-05-11&by=day')
  assert.deepEqual([first, tokens], ['2026-05-08T16:00:00.000Z', [3, 12]])
  const hours = await series(client, 'from=2026-05-09T15:00:00Z&to=2026-05-09T17:00:00Z&by=hour')
  assert.deepEqual(hours.tokens, [3, 12])
})

stackTest('+05:45: days and hours cut the hours of UTC', async ({ plan }) => {
  const times = [
    '2026-05-09T18:00:00Z',
    '2026-05-09T18:14:59.999Z',
    '2026-05-09T18:15:00Z',
    '2026-05-09T18:59:59Z',
    '2026-05-09T19:14:59Z',
    '2026-05-09T19:15:00Z',
  ]
  const client = await personWith(plan, 'Asia/Kathmandu', times)
  const days = await series(client, 'from=2026-05-09&to=2026-05-11&by=day')
  assert.deepEqual([days.first, days.tokens], ['2026-05-08T18:15:00.000Z', [3, 60]])
  const hours = await series(client, 'from=2026-05-09T17:15:00Z&to=2026-05-09T20:15:00Z&by=hour')
  assert.deepEqual(hours.tokens, [3, 28, 32])
})

stackTest('a day of 23 hours and one of 25 in New York', async ({ plan }) => {
  const times = [
    '2026-03-08T04:59:00Z',
    '2026-03-08T05:00:00Z',
    '2026-03-09T03:59:00Z',
    '2026-03-09T04:00:00Z',
  ]
  const spring = await personWith(plan, 'America/New_York', times)
  const short = await series(spring, 'from=2026-03-07&to=2026-03-10&by=day')
  assert.deepEqual(
    [short.tokens, short.minutes],
    [
      [1, 6, 8],
      [1440, 1380, 1440],
    ],
  )
  const shortHours = await series(spring, 'from=2026-03-08&to=2026-03-09&by=hour')
  assert.deepEqual(shortHours.minutes, HOURS(23))
  assert.deepEqual([shortHours.tokens[0], shortHours.tokens[22]], [2, 4])

  const later = [
    '2026-11-01T03:59:00Z',
    '2026-11-01T05:30:00Z',
    '2026-11-01T06:30:00Z',
    '2026-11-02T04:59:00Z',
    '2026-11-02T05:00:00Z',
  ]
  const autumn = await personWith(plan, 'America/New_York', later)
  const long = await series(autumn, 'from=2026-10-31&to=2026-11-03&by=day')
  assert.deepEqual(
    [long.tokens, long.minutes],
    [
      [1, 14, 16],
      [1440, 1500, 1440],
    ],
  )
  const longHours = await series(autumn, 'from=2026-11-01&to=2026-11-02&by=hour')
  assert.deepEqual(longHours.minutes, HOURS(25))
  // Half past one, and half past one again.
  assert.deepEqual(longHours.tokens.slice(0, 3), [0, 2, 4])
})

stackTest('clocks that change by half an hour: Lord Howe', async ({ plan }) => {
  const times = ['2026-10-03T15:15:00Z', '2026-10-03T15:45:00Z', '2026-10-03T16:05:00Z']
  const client = await personWith(plan, 'Australia/Lord_Howe', times)
  const { minutes, tokens } = await series(
    client,
    'from=2026-10-03T14:30:00Z&to=2026-10-03T17:00:00Z&by=hour',
  )
  assert.deepEqual(
    [minutes, tokens],
    [
      [60, 30, 60],
      [1, 2, 4],
    ],
  )
})

stackTest('months end, in February of a leap year too', async ({ plan }) => {
  const times = [
    '2024-02-28T15:59:59Z',
    '2024-02-28T16:00:00Z',
    '2024-02-29T15:59:59Z',
    '2024-02-29T16:00:00Z',
    '2024-12-31T15:59:59Z',
    '2024-12-31T16:00:00Z',
  ]
  const client = await personWith(plan, 'Asia/Shanghai', times)
  assert.deepEqual((await series(client, 'from=2024-02-28&to=2024-03-02&by=day')).tokens, [1, 6, 8])
  assert.deepEqual((await series(client, 'from=2024-12-31&to=2025-01-02&by=day')).tokens, [16, 32])
  const year = (await series(client, 'from=2024-01-01&to=2025-01-01&by=day')).tokens
  assert.equal(year.length, 366)
  assert.equal(
    year.reduce((sum, one) => sum + one, 0),
    31,
  )
})

stackTest('records are found by days of the zone', async ({ plan }) => {
  const times = [
    '2026-05-09T18:14:59.999Z',
    '2026-05-09T18:15:00Z',
    '2026-05-10T18:14:59.999Z',
    '2026-05-10T18:15:00Z',
  ]
  const client = await personWith(plan, 'Asia/Kathmandu', times)
  const day = '/api/usage/records?from=2026-05-10&to=2026-05-11'
  const { items } = (await client.send(day)).json<Page<UsageRecord>>()
  assert.deepEqual(
    items.map(({ prompt_tokens }) => prompt_tokens),
    [4, 2],
  )
  const csv = (await client.send(`${day}&format=csv`)).text.split('\r\n')
  assert.match(csv[1] ?? '', /^2026-05-10 23:59:59,2026-05-10T18:14:59.999Z,/)
  assert.match(csv[2] ?? '', /^2026-05-10 00:00:00,2026-05-09T18:15:00.000Z,/)
})
