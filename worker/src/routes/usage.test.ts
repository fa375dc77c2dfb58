import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Page, UsageRecord, UsageSummary, UsageTotals } from '#contract/api.ts'
import type { Problem } from '#contract/problem.ts'
import { createApp } from '../app.ts'
import { fakeDeps, gateHeaders, jsonOf, NOW } from '../fake-deps.ts'
import type { ListedUsage, UsageQuery, UsageReports } from '../stores/usage-reports.ts'

type Records = Page<UsageRecord>

const NOTHING: UsageTotals = {
  requests: 0,
  prompt_tokens: 0,
  completion_tokens: 0,
  total_tokens: 0,
  cost: '0',
  currency: 'CNY',
}

function call(id: number): ListedUsage {
  const startedAt = new Date(NOW - id * 1000)
  return {
    position: { startedAt, id: String(1000 - id) },
    record: {
      request_id: String(id).padStart(32, '0'),
      started_at: startedAt.toISOString(),
      username: 'anna',
      model_requested: 'm',
      model: 'm',
      ending: 'done',
      finish_reason: 'stop',
      prompt_tokens: 1,
      cached_tokens: 0,
      completion_tokens: 2,
      reasoning_tokens: 0,
      total_tokens: 3,
      estimated: false,
      cost: '0.1',
      currency: 'CNY',
      key_alias: 'default',
      first_token_ms: 1,
      duration_ms: 2,
    },
  }
}

/** Reports over `count` calls that remember what they were asked. */
function reports(count: number) {
  const calls = Array.from({ length: count }, (_, index) => call(index))
  const asked: UsageQuery[] = []
  const summaries: Parameters<UsageReports['summary']>[] = []
  const store: UsageReports = {
    summary: async (...args) => {
      summaries.push(args)
      return { today: NOTHING, week: NOTHING, month: NOTHING, total: NOTHING }
    },
    list: async (query) => {
      asked.push(query)
      const start = calls.findIndex(({ position }) => position.id === query.after?.id) + 1
      return calls.slice(start, start + query.limit)
    },
  }
  return { store, asked, summaries }
}

async function get<T>(store: UsageReports, path: string, headers = gateHeaders('2')) {
  const app = createApp(fakeDeps({ usageReports: store }))
  const response = await app.request(path, { headers })
  return { status: response.status, body: await jsonOf<T>(response) }
}

test('a summary covers the periods of the configured zone, one user or all', async () => {
  const { store, summaries } = reports(0)
  const own = await get<UsageSummary>(store, '/api/usage/summary')
  assert.equal(own.body.timezone, 'Asia/Shanghai')
  assert.deepEqual(own.body.today, NOTHING)
  await get(store, '/admin/api/usage/summary', gateHeaders('1', 'admin'))
  const periods = {
    today: Date.parse('2026-11-21T16:00:00Z'),
    week: Date.parse('2026-11-15T16:00:00Z'),
    month: Date.parse('2026-10-31T16:00:00Z'),
  }
  assert.deepEqual(summaries, [
    ['2', periods],
    [undefined, periods],
  ])
})

test('records are paged by cursor, each shown once', async () => {
  const { store } = reports(7)
  const seen: string[] = []
  let cursor: string | null = ''
  let pages = 0
  while (cursor !== null) {
    const query: string = cursor === '' ? '' : `&cursor=${cursor}`
    const { body } = await get<Records>(store, `/api/usage/records?limit=3${query}`)
    seen.push(...body.items.map(({ request_id }) => request_id))
    cursor = body.next
    pages += 1
  }
  assert.equal(pages, 3)
  assert.equal(new Set(seen).size, 7)
})

test('own records are one user only and hide our keys', async () => {
  const { store, asked } = reports(1)
  const { body } = await get<Records>(store, '/api/usage/records')
  assert.equal(body.items[0]?.key_alias, null)
  assert.deepEqual(asked, [{ uid: '2', after: undefined, limit: 51 }])
})

test('an admin sees all, or one user by name or id, or nobody', async () => {
  const { store, asked } = reports(1)
  const admin = gateHeaders('1', 'admin')
  const { body } = await get<Records>(store, '/admin/api/usage/records', admin)
  assert.equal(body.items[0]?.key_alias, 'default')
  for (const user of ['anna', '2', 'nobody']) {
    await get(store, `/admin/api/usage/records?user=${user}`, admin)
  }
  assert.deepEqual(
    asked.map(({ uid }) => uid),
    [undefined, '2', '2', '0'],
  )
})

test('bad parameters are named', async () => {
  const { store } = reports(5)
  const { body: page } = await get<Records>(store, '/api/usage/records?limit=2')
  const cursor = page.next ?? ''
  const tampered = `${cursor.startsWith('A') ? 'B' : 'A'}${cursor.slice(1)}`
  for (const [query, field] of [
    ['limit=0', 'limit'],
    ['limit=201', 'limit'],
    ['limit=ten', 'limit'],
    ['limit=1&limit=2', 'limit'],
    [`cursor=${tampered}`, 'cursor'],
    ['cursor=', 'cursor'],
    ['user=1', 'user'],
  ]) {
    const { status, body } = await get<Problem>(store, `/api/usage/records?${query}`)
    assert.equal(status, 400, query)
    assert.equal(body.code, 'invalid_request')
    assert.equal(body.errors?.[0]?.field, field, query)
  }
})

test('everybody’s usage is for admins, one’s own for whoever is signed in', async () => {
  const { store } = reports(0)
  for (const path of ['/admin/api/usage/summary', '/admin/api/usage/records', '/admin/api/logs']) {
    assert.equal((await get<Problem>(store, path)).body.code, 'admin_only', path)
    assert.equal(
      (await get<Problem>(store, path, gateHeaders())).body.code,
      'unauthenticated',
      path,
    )
  }
  assert.equal((await get(store, '/api/usage/summary', gateHeaders())).status, 401)
})
