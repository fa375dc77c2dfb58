/** Sums of usage: today, this week, this month and in total. */

import assert from 'node:assert/strict'
import type { UsageSummary } from '#contract/api.ts'
import { signedIn } from '../support/accounts.ts'
import { readFirstContent, rest, startChat, wholeChat } from '../support/chat.ts'
import type { Client } from '../support/client.ts'
import { useStack } from '../support/test-stack.ts'
import { units } from '../support/units.ts'
import { addPastCall } from '../support/usage-fixture.ts'
import { settledRow } from '../support/usage-rows.ts'

const { stackTest } = useStack()

const DAY_MS = 86_400_000
/** The default zone, Asia/Shanghai, has no daylight saving time. */
const SHANGHAI_MS = 8 * 3_600_000
const PERIODS = ['today', 'week', 'month', 'total'] as const

async function summaryOf(client: Client, of: 'own' | 'all' = 'own'): Promise<UsageSummary> {
  const answer = await client.send(`${of === 'own' ? '/api' : '/admin/api'}/usage/summary`)
  assert.equal(answer.status, 200, answer.text)
  return answer.json<UsageSummary>()
}

/** Returns when today, this week (from Monday) and this month began in Shanghai, Unix ms. */
function beginnings(now: number): Record<'today' | 'week' | 'month', number> {
  const local = new Date(now + SHANGHAI_MS)
  const today = Math.floor(local.getTime() / DAY_MS) * DAY_MS
  const sinceMonday = (local.getUTCDay() + 6) % 7
  return {
    today: today - SHANGHAI_MS,
    week: today - sinceMonday * DAY_MS - SHANGHAI_MS,
    month: today - (local.getUTCDate() - 1) * DAY_MS - SHANGHAI_MS,
  }
}

stackTest('someone new has used nothing', async ({ plan }) => {
  const { client } = await signedIn(plan)
  const summary = await summaryOf(client)
  assert.equal(summary.timezone, 'Asia/Shanghai')
  for (const period of PERIODS) {
    const { cost, ...counts } = summary[period]
    assert.equal(Number(cost), 0)
    assert.deepEqual(counts, {
      requests: 0,
      prompt_tokens: 0,
      cached_tokens: 0,
      completion_tokens: 0,
      total_tokens: 0,
      currency: 'CNY',
    })
  }
})

stackTest('an answer is in all sums as soon as its end was shown', async ({ plan }) => {
  const { client } = await signedIn(plan)
  const ids: string[] = []
  for (const tokens of [5, 8]) {
    ids.push((await wholeChat(client, `standin: tokens=${tokens} delay=0`)).id)
  }
  const summary = await summaryOf(client)
  const rows = await Promise.all(ids.map((id) => settledRow(plan, id)))
  const prompt = rows.reduce((sum, row) => sum + row.prompt_tokens, 0)
  const cached = rows.reduce((sum, row) => sum + row.cached_tokens, 0)
  for (const period of PERIODS) {
    const { cost, ...counts } = summary[period]
    assert.deepEqual(counts, {
      requests: 2,
      prompt_tokens: prompt,
      cached_tokens: cached,
      completion_tokens: 13,
      total_tokens: prompt + 13,
      currency: 'CNY',
    })
    // One digit too many for a double is a digit too many for money.
    assert.equal(
      units(cost),
      rows.reduce((sum, row) => sum + units(row.cost), 0n),
    )
  }
})

stackTest('a call counts in the periods in which it began', async ({ plan }) => {
  const { client, account } = await signedIn(plan)
  const { today, week, month } = beginnings(Date.now())
  const times = [today, today - 1, week, week - 1, month, month - 1, today - 400 * DAY_MS]
  // Powers of two: each sum tells which calls are in it.
  const calls = times.map((at, index) => ({
    startedAt: new Date(at),
    completionTokens: 2 ** index,
  }))
  for (const call of calls) {
    await addPastCall(plan, account, { ...call, promptTokens: 0, cost: '0.0000000001' })
  }
  const sumSince = (at: number) => {
    const within = calls.filter(({ startedAt }) => startedAt.getTime() >= at)
    return within.reduce((sum, call) => sum + call.completionTokens, 0)
  }
  const before = beginnings(Date.now())
  const summary = await summaryOf(client)
  // Midnight may pass while the question is asked; then the other answer is right.
  const right = [before, beginnings(Date.now())].map((periods) => ({
    today: sumSince(periods.today),
    week: sumSince(periods.week),
    month: sumSince(periods.month),
    total: 127,
  }))
  const sums = Object.fromEntries(PERIODS.map((name) => [name, summary[name].completion_tokens]))
  assert.ok(
    right.some((expected) => JSON.stringify(expected) === JSON.stringify(sums)),
    `${JSON.stringify(sums)} is none of ${JSON.stringify(right)}`,
  )
  assert.equal(summary.total.cost, '0.0000000007')
})

stackTest('a call counts when it is settled, not while it runs', async ({ plan }) => {
  const { client } = await signedIn(plan)
  const { id, events } = await startChat(client, 'standin: stall=1 delay=0')
  await readFirstContent(events)
  assert.equal((await summaryOf(client)).total.requests, 0)
  await client.send(`/api/chat/${id}/stop`, { method: 'POST' })
  await rest(events)
  assert.equal((await summaryOf(client)).total.requests, 1)
})

stackTest('everybody has sums of their own, admins also those of all', async ({ plan }) => {
  const [one, two, admin] = await Promise.all([
    signedIn(plan),
    signedIn(plan),
    signedIn(plan, 'admin'),
  ])
  const before = (await summaryOf(admin.client, 'all')).total
  await wholeChat(one.client, 'standin: tokens=11 delay=0')
  assert.equal((await summaryOf(one.client)).total.completion_tokens, 11)
  assert.equal((await summaryOf(two.client)).total.requests, 0)
  assert.equal((await summaryOf(admin.client)).total.requests, 0)
  const after = (await summaryOf(admin.client, 'all')).total
  assert.equal(after.requests - before.requests, 1)
  assert.equal(after.completion_tokens - before.completion_tokens, 11)
  const refused = await one.client.send('/admin/api/usage/summary')
  assert.equal(refused.status, 403)
  assert.equal(refused.json()['code'], 'admin_only')
})
