/** Sums of usage against the calls that they are made of: sum(series) = summary = sum(records). */

import assert from 'node:assert/strict'
import type { Page, UsageRecord, UsageSummary } from '#contract/api.ts'
import type { UsagePoint, UsageSeries } from '#contract/usage.ts'
import { type Account, signedIn } from '../support/accounts.ts'
import type { Client } from '../support/client.ts'
import { sealSince } from '../support/sealed-usage.ts'
import { chooseSeed, type Draw, drawFrom } from '../support/seed.ts'
import { useStack } from '../support/test-stack.ts'
import { units } from '../support/units.ts'
import { addPastCalls, type PastCall } from '../support/usage-fixture.ts'

const { stack, stackTest } = useStack()

const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS
const seed = chooseSeed()

/** All calls of these tests are younger. */
const SINCE = new Date(Date.now() - 85 * DAY_MS).toISOString().slice(0, 10)

async function read<T>(client: Client, path: string): Promise<T> {
  const answer = await client.send(path)
  assert.equal(answer.status, 200, answer.text)
  return answer.json<T>()
}

async function choose(client: Client, timezone: string): Promise<void> {
  const answer = await client.send('/api/me', { method: 'PATCH', body: { timezone } })
  assert.deepEqual([answer.status, answer.json()], [200, { timezone }])
}

const MODELS = ['deepseek-flash', 'deepseek-pro']
const ENDINGS = ['done', 'done', 'done', 'stopped', 'upstream_error', 'timeout'] as const

function randomCall(draw: Draw, startedAt: Date): PastCall {
  const promptTokens = draw.integer(0, 3000)
  return {
    startedAt,
    promptTokens,
    cachedTokens: draw.integer(0, promptTokens),
    completionTokens: draw.integer(0, 2000),
    cost: `0.${String(draw.integer(0, 9_999_999)).padStart(10, '0')}`,
    ending: ENDINGS[draw.integer(0, ENDINGS.length - 1)] ?? 'done',
    model: MODELS[draw.integer(0, 1)] ?? '',
  }
}

interface Sum {
  readonly requests: number
  readonly tokens: number
  readonly cached: number
  /** Units of 10^-10. */
  readonly cost: bigint
}

function sumOf(points: readonly UsagePoint[]): Sum {
  return {
    requests: points.reduce((sum, one) => sum + one.requests, 0),
    tokens: points.reduce((sum, one) => sum + one.total_tokens, 0),
    cached: points.reduce((sum, one) => sum + one.cached_tokens, 0),
    cost: points.reduce((sum, one) => sum + units(one.cost), 0n),
  }
}

function sumOfCalls(calls: readonly PastCall[], from: number, to: number): Sum {
  const within = calls.filter(({ startedAt }) => +startedAt >= from && +startedAt < to)
  return {
    requests: within.length,
    tokens: within.reduce((sum, one) => sum + one.promptTokens + one.completionTokens, 0),
    cached: within.reduce((sum, one) => sum + (one.cachedTokens ?? 0), 0),
    cost: within.reduce((sum, one) => sum + units(one.cost), 0n),
  }
}

/** Asserts that each bucket of a series holds the calls that began in it. */
function assertSeries(series: UsageSeries, calls: readonly PastCall[]): void {
  const edges = [...series.buckets, series.end].map((text) => Date.parse(text))
  for (const [index, from] of edges.slice(0, -1).entries()) {
    const to = edges[index + 1] ?? from
    const points = series.lines.map(({ points }) => points[index] ?? assert.fail('no point'))
    assert.deepEqual(sumOf(points), sumOfCalls(calls, from, to), `bucket ${series.buckets[index]}`)
  }
}

async function allRecords(client: Client): Promise<readonly UsageRecord[]> {
  const records: UsageRecord[] = []
  let cursor = ''
  do {
    const page = await read<Page<UsageRecord>>(client, `/api/usage/records?limit=200${cursor}`)
    records.push(...page.items)
    cursor = page.next === null ? '' : `&cursor=${page.next}`
  } while (cursor !== '')
  return records
}

async function personIn(timezone: string): Promise<{ client: Client; account: Account }> {
  const person = await signedIn(stack().plan)
  await choose(person.client, timezone)
  return person
}

const ZONES = [
  ...['Asia/Shanghai', 'Asia/Kathmandu', 'America/New_York', 'Australia/Lord_Howe'],
  ...['Pacific/Kiritimati', 'America/St_Johns'],
]

for (const [index, timezone] of ZONES.entries()) {
  stackTest(`sum(series) = summary = sum(records) in ${timezone}`, async ({ plan }) => {
    await sealSince(plan, SINCE)
    const draw = drawFrom(seed + index)
    const { client, account } = await personIn(timezone)
    const now = Date.now()
    // Half of them in the last days, the others up to 80 days ago; some on the hour or just before.
    const calls = Array.from({ length: 300 }, (_, count) => {
      const age = draw.integer(1, count % 2 === 0 ? 4 * DAY_MS : 80 * DAY_MS)
      const at = now - age
      const odd = draw.integer(0, 9)
      const quarter = Math.floor(at / (HOUR_MS / 4)) * (HOUR_MS / 4)
      return randomCall(draw, new Date(odd === 0 ? quarter : odd === 1 ? quarter - 1 : at))
    })
    await addPastCalls(plan, account, calls)

    const summary = await read<UsageSummary>(client, '/api/usage/summary')
    const all = sumOfCalls(calls, 0, now)
    assert.deepEqual(sumOf([summary.total]), all)
    const records = await allRecords(client)
    assert.deepEqual(sumOf(records.map((record) => ({ ...record, requests: 1 }))), all)
    assert.equal(summary.timezone, timezone)
    const ranges = { today: 'today', week: 'week', month: 'month' } as const
    for (const [period, range] of Object.entries(ranges)) {
      for (const [by, group] of [
        ['hour', 'none'],
        ['day', 'model'],
        ['day', 'status'],
      ]) {
        const series = await read<UsageSeries>(
          client,
          `/api/usage/series?range=${range}&by=${by}&group=${group}`,
        )
        assertSeries(series, calls)
        const points = series.lines.flatMap((line) => line.points)
        assert.deepEqual(sumOf(points), sumOf([summary[period as keyof typeof ranges]]))
      }
    }
    const quarter = await read<UsageSeries>(client, '/api/usage/series?range=90d')
    assertSeries(quarter, calls)
    assert.deepEqual(sumOf(quarter.lines.flatMap(({ points }) => points)), all)
  })
}

stackTest(
  'everybody: running sums, the hours after them and pieces make the same',
  async ({ plan }) => {
    await sealSince(plan, SINCE)
    const draw = drawFrom(seed + 100)
    const { client } = await signedIn(plan, 'admin')
    const { account } = await signedIn(plan)
    for (const timezone of ['Asia/Shanghai', 'Asia/Kathmandu', 'Asia/Kolkata']) {
      await choose(client, timezone)
      const paths = [
        'range=30d',
        'range=7d&by=hour',
        'range=30d&group=model',
        'range=30d&group=status',
      ].map((query) => `/admin/api/usage/series?${query}`)
      const before = await Promise.all(paths.map((path) => read<UsageSeries>(client, path)))
      const sumBefore = await read<UsageSummary>(client, '/admin/api/usage/summary')
      const now = Date.now()
      const calls = Array.from({ length: 200 }, () =>
        randomCall(draw, new Date(now - draw.integer(1, 28 * DAY_MS))),
      )
      await addPastCalls(plan, account, calls)
      for (const isSealed of [false, true]) {
        if (isSealed) await sealSince(plan, SINCE)
        const after = await Promise.all(paths.map((path) => read<UsageSeries>(client, path)))
        for (const [index, series] of after.entries()) {
          const edges = [...series.buckets, series.end].map((text) => Date.parse(text))
          const added = series.buckets.map((_, bucket) => {
            const at = (one: UsageSeries | undefined) =>
              sumOf((one?.lines ?? []).flatMap(({ points }) => points[bucket] ?? []))
            const [old, fresh] = [at(before[index]), at(series)]
            return fresh.tokens - old.tokens
          })
          const expected = series.buckets.map(
            (_, bucket) => sumOfCalls(calls, edges[bucket] ?? 0, edges[bucket + 1] ?? 0).tokens,
          )
          assert.deepEqual(added, expected, `${timezone}, ${paths[index]}, sealed: ${isSealed}`)
        }
        const sumAfter = await read<UsageSummary>(client, '/admin/api/usage/summary')
        assert.equal(sumAfter.total.requests - sumBefore.total.requests, 200)
      }
    }
  },
)
