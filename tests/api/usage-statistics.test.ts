/** What everybody's calls were like, for administrators. */

import assert from 'node:assert/strict'
import type { UsageStatistic, UsageStatistics } from '#contract/usage.ts'
import type { Plan } from '../../scripts/stack/plan.ts'
import { type Account, makeAccount, signedIn } from '../support/accounts.ts'
import type { Client } from '../support/client.ts'
import { sealSince } from '../support/sealed-usage.ts'
import { useStack } from '../support/test-stack.ts'
import { units } from '../support/units.ts'
import { addPastCalls, type PastCall } from '../support/usage-fixture.ts'

const { stackTest } = useStack()

const DAY_MS = 86_400_000

async function statistics(client: Client, query: string): Promise<UsageStatistics> {
  const answer = await client.send(`/admin/api/usage/statistics?${query}`)
  assert.equal(answer.status, 200, answer.text)
  return answer.json()
}

/** Returns a day of UTC, long ago, at which nobody else makes calls. */
function ownDay(account: Account, from: number): number {
  return from + (Number(account.id) % 1000) * DAY_MS
}

function call(at: number, changes: Partial<PastCall> = {}): PastCall {
  return {
    ...{ startedAt: new Date(at), promptTokens: 100, cachedTokens: 40, completionTokens: 10 },
    ...{ cost: '0.25', firstTokenMs: 300, durationMs: 2000, model: 'm-1' },
    ...changes,
  }
}

function queryOf(from: number, to: number): string {
  return `from=${new Date(from).toISOString()}&to=${new Date(to).toISOString()}`
}

const brief = ({ value, requests }: UsageStatistic) => [value, requests]

async function callsOn(plan: Plan, day: number, one: Account, two: Account): Promise<void> {
  const key = String(800_000_000 + Number(one.id))
  await addPastCalls(plan, one, [
    call(day),
    call(day + 1, { key, ending: 'upstream_error', firstTokenMs: 5000 }),
    call(day + DAY_MS - 1, { key, estimated: true, durationMs: 4000 }),
    call(day + DAY_MS, { model: 'next day' }),
  ])
  await addPastCalls(plan, two, [
    call(day + DAY_MS / 2, { model: 'm-2', cost: '3', promptTokens: 0, cachedTokens: 0 }),
    call(day + DAY_MS / 2, { model: 'm-2', ending: 'stopped', promptTokens: 0, cachedTokens: 0 }),
    call(day - 1, { model: 'day before' }),
  ])
}

stackTest(
  'by model, key, ending and user: what is counted, and what it was like',
  async ({ plan }) => {
    const [{ client }, one, two] = [
      await signedIn(plan, 'admin', 'api=1000'),
      await makeAccount(plan),
      await makeAccount(plan),
    ]
    const day = ownDay(one, Date.UTC(2016, 0, 1))
    await callsOn(plan, day, one, two)
    const range = queryOf(day, day + DAY_MS)
    const models = await statistics(client, `${range}&by=model`)
    assert.deepEqual(models.items.map(brief), [
      ['m-1', 3],
      ['m-2', 2],
    ])
    const [first, second] = models.items
    const { first_token_ms: first_token, ...rest } = first ?? assert.fail('nothing')
    assert.deepEqual(rest, {
      ...{ value: 'm-1', name: 'm-1', requests: 3, prompt_tokens: 300, cached_tokens: 120 },
      ...{ completion_tokens: 30, total_tokens: 330, cost: '0.75', currency: 'CNY' },
      ...{ success_rate: 2 / 3, cache_hit_rate: 0.4, estimated_share: 1 / 3, duration_ms: 2667 },
    })
    const { p50 = 0, p95 = 0 } = first_token ?? {}
    assert.ok(Math.abs(p50 - 300) < 60 && Math.abs(p95 - 5000) < 1000, `${p50}, ${p95}`)
    assert.deepEqual([second?.success_rate, second?.cache_hit_rate], [1, null])
    assert.deepEqual(brief(models.total), [null, 5])
    assert.equal(units(models.total.cost), units('4'))

    const keys = await statistics(client, `${range}&by=key&sort=requests`)
    assert.deepEqual(keys.items.map(brief), [
      [null, 3],
      [String(800_000_000 + Number(one.id)), 2],
    ])
    const endings = await statistics(client, `${range}&by=status`)
    assert.deepEqual(endings.items.map(brief), [
      ['done', 3],
      ['upstream_error', 1],
      ['stopped', 1],
    ])
    const users = await statistics(client, `${range}&by=user&sort=cost`)
    assert.deepEqual(
      users.items.map((item) => [item.value, item.name, item.requests, item.success_rate]),
      [
        [two.id, two.username, 2, 1],
        [one.id, one.username, 3, 2 / 3],
      ],
    )
    assert.deepEqual([users.items[0]?.first_token_ms, users.items[0]?.duration_ms], [null, null])
    assert.deepEqual(users.total, models.total)
    const top = await statistics(client, `${range}&by=user&limit=1`)
    assert.deepEqual(top.items.map(brief), [[one.id, 3]])
  },
)

stackTest('days that are derived say the same, also cut anywhere', async ({ plan }) => {
  const [{ client }, one, two] = [
    await signedIn(plan, 'admin', 'api=1000'),
    await makeAccount(plan),
    await makeAccount(plan),
  ]
  const today = Math.floor(Date.now() / DAY_MS) * DAY_MS
  const day = today - 40 * DAY_MS
  const ranges = [
    [day, day + DAY_MS],
    [day - DAY_MS, day + 2 * DAY_MS],
    [day + 1, day + DAY_MS - 1],
    [day - 7 * 60_000, day + DAY_MS / 2 + 13 * 60_000],
    [day - 3 * DAY_MS - 1, today - 1],
  ] as const
  const asked = ranges.flatMap(([from, to]) =>
    ['model', 'key', 'status', 'user'].map((by) => `${queryOf(from, to)}&by=${by}&limit=200`),
  )
  await sealSince(plan, new Date(day - 5 * DAY_MS).toISOString().slice(0, 10))
  await callsOn(plan, day, one, two)
  // Adding calls has lowered the seal; now everything is read from hours, then from days.
  const plain = await Promise.all(asked.map((query) => statistics(client, query)))
  await sealSince(plan, new Date(day - 5 * DAY_MS).toISOString().slice(0, 10))
  const derived = await Promise.all(asked.map((query) => statistics(client, query)))
  assert.deepEqual(derived, plain)
  assert.ok((plain[0]?.total.requests ?? 0) >= 5)
})

stackTest('of a time without calls there is nothing to tell', async ({ plan }) => {
  const { client } = await signedIn(plan, 'admin')
  const range = queryOf(Date.UTC(2001, 0, 1), Date.UTC(2001, 0, 2))
  const { items, total } = await statistics(client, range)
  assert.deepEqual(items, [])
  assert.deepEqual(
    [total.requests, total.success_rate, total.cache_hit_rate, total.first_token_ms],
    [0, 1, null, null],
  )
})
