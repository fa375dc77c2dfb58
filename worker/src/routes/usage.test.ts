import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Page, UsageRecord, UsageSummary } from '#contract/api.ts'
import type { Problem } from '#contract/problem.ts'
import type { UsageSeries } from '#contract/usage.ts'
import { createApp } from '../app.ts'
import type { Deps } from '../deps.ts'
import { NO_USAGE } from '../domain/usage-sum.ts'
import { fakeDeps, gateHeaders, jsonOf, NOW } from '../fake-deps.ts'
import type { ListedUsage, UsageQuery, UsageRecords } from '../stores/usage-records.ts'
import type { UsageSums } from '../stores/usage-sums.ts'

type Records = Page<UsageRecord>

const ADMIN = gateHeaders('1', 'admin')

function call(id: number): ListedUsage {
  const at = new Date(NOW - id * 1000)
  return {
    place: { at, id: String(1000 - id) },
    record: {
      request_id: String(id).padStart(32, '0'),
      started_at: at.toISOString(),
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
      token_id: null,
      first_token_ms: 1,
      duration_ms: 2,
    },
  }
}

/** So many calls, and what was asked of them. */
function records(count: number) {
  const calls = Array.from({ length: count }, (_, index) => call(index))
  const asked: UsageQuery[] = []
  const usageRecords: UsageRecords = {
    list: async (query) => {
      asked.push(query)
      const start = calls.findIndex(({ place }) => place.id === query.after?.id) + 1
      const items = calls.slice(start, start + query.limit)
      const isMore = start + items.length < calls.length
      return { items, next: isMore ? items.at(-1)?.place : undefined }
    },
  }
  return { parts: { usageRecords }, asked }
}

/** One request in each bucket, and what was asked. */
function sums() {
  const asked: Parameters<UsageSums['sums']>[] = []
  const usageSums: UsageSums = {
    sums: async (...args) => {
      asked.push(args)
      const one = { ...NO_USAGE, requests: 1, promptTokens: 2, cost: 5n }
      return new Map([['', args[1].slice(1).map(() => one)]])
    },
  }
  return { parts: { usageSums }, asked }
}

async function get<T>(parts: Partial<Deps>, path: string, headers = gateHeaders('2')) {
  const response = await createApp(fakeDeps(parts)).request(path, { headers })
  return { status: response.status, body: await jsonOf<T>(response) }
}

test('a summary covers the periods of the zone and those before, of one user or all', async () => {
  const { parts, asked } = sums()
  const { body } = await get<UsageSummary>(parts, '/api/usage/summary')
  await get(parts, '/admin/api/usage/summary', ADMIN)
  await get(parts, '/admin/api/usage/summary?user=anna', ADMIN)
  const edges = [
    '1970-01-01T00:00:00Z',
    // October, the week before the last, Saturday, the last week … in Shanghai, where it is Sunday.
    ...['2026-09-30T16:00:00Z', '2026-10-31T16:00:00Z', '2026-11-08T16:00:00Z'],
    ...['2026-11-15T16:00:00Z', '2026-11-20T16:00:00Z', '2026-11-21T16:00:00Z'],
    '2026-11-24T00:00:00Z',
  ].map((text) => Date.parse(text))
  assert.deepEqual(asked, [
    ['2', edges, 'none'],
    [undefined, edges, 'none'],
    ['2', edges, 'none'],
  ])
  const { before, timezone, ...current } = body
  assert.equal(timezone, 'Asia/Shanghai')
  const counts = (periods: object) =>
    Object.entries(periods).map(([name, { requests }]) => [name, requests])
  assert.deepEqual(counts(current), [
    ['today', 1],
    ['week', 3],
    ['month', 5],
    ['total', 7],
  ])
  assert.deepEqual(counts(before), [
    ['today', 1],
    ['week', 1],
    ['month', 1],
  ])
  assert.deepEqual(body.week, {
    requests: 3,
    prompt_tokens: 6,
    cached_tokens: 0,
    completion_tokens: 0,
    total_tokens: 6,
    cost: '0.0000000015',
    currency: 'CNY',
  })
})

test('people have a zone of their own; one that is gone is none', async () => {
  for (const [chosen, expected] of [
    ['America/New_York', 'America/New_York'],
    ['Mars/Olympus', 'Asia/Shanghai'],
    [null, 'Asia/Shanghai'],
  ] as const) {
    const profiles = { timezone: async () => chosen, setTimezone: async () => true }
    const parts = { ...sums().parts, profiles }
    const { body } = await get<UsageSummary>(parts, '/api/usage/summary')
    assert.equal(body.timezone, expected)
  }
})

test('a series has every bucket of its range, widened to whole ones', async () => {
  const { parts, asked } = sums()
  const { body } = await get<UsageSeries>(
    parts,
    '/api/usage/series?from=2026-11-20T08:30:00%2B08:00&to=2026-11-20T10:00:00%2B08:00&by=hour',
  )
  assert.deepEqual(body.buckets, ['2026-11-20T00:00:00.000Z', '2026-11-20T01:00:00.000Z'])
  assert.equal(body.end, '2026-11-20T02:00:00.000Z')
  assert.deepEqual([body.by, body.group, body.lines.length], ['hour', 'none', 1])
  assert.equal(body.lines[0]?.value, null)
  assert.equal(asked[0]?.[0], '2')
  const day = await get<UsageSeries>(parts, '/api/usage/series?from=2026-11-20&to=2026-11-22')
  assert.deepEqual([day.body.by, day.body.buckets[0]], ['hour', '2026-11-19T16:00:00.000Z'])
  const month = await get<UsageSeries>(parts, '/api/usage/series')
  assert.deepEqual([month.body.by, month.body.buckets.length], ['day', 30])
})

test('lines of models: the largest first, those without calls not at all', async () => {
  const line = (requests: number) => [{ ...NO_USAGE, requests, promptTokens: requests }]
  const found = new Map([
    ['small', line(1)],
    ['none', line(0)],
    ['large', line(9)],
  ])
  const usageSums = { sums: async () => found }
  const path =
    '/api/usage/series?group=model&from=2026-11-20T00:00:00Z&to=2026-11-20T01:00:00Z&by=hour'
  const { body } = await get<UsageSeries>({ usageSums }, path)
  assert.deepEqual(
    body.lines.map(({ value, name }) => [value, name]),
    [
      ['large', 'large'],
      ['small', 'small'],
    ],
  )
})

test('records are paged by cursor, each shown once', async () => {
  const { parts } = records(7)
  const ids: string[] = []
  let path = '/api/usage/records?limit=3'
  for (let pages = 0; pages < 3; pages += 1) {
    const { body } = await get<Records>(parts, path)
    ids.push(...body.items.map(({ request_id }) => request_id))
    path = `/api/usage/records?limit=3&cursor=${body.next}`
    assert.equal(body.next === null, pages === 2)
  }
  assert.deepEqual(ids.map(Number), [0, 1, 2, 3, 4, 5, 6])
})

test('own records are one user only and hide our keys', async () => {
  const { parts, asked } = records(1)
  const { body } = await get<Records>(parts, '/api/usage/records?model=m&ending=done&order=oldest')
  assert.equal(body.items[0]?.key_alias, null)
  const nothing = {
    from: undefined,
    to: undefined,
    key: undefined,
    token: undefined,
    after: undefined,
  }
  const filter = { uid: '2', model: 'm', ending: 'done', order: 'oldest', limit: 50 } as const
  assert.deepEqual(asked, [{ ...filter, ...nothing }])
})

test('an admin sees all, or one user by name or id, or nobody', async () => {
  const { parts, asked } = records(1)
  const { body } = await get<Records>(parts, '/admin/api/usage/records', ADMIN)
  assert.equal(body.items[0]?.key_alias, 'default')
  for (const user of ['anna', '2', 'nobody']) {
    await get(parts, `/admin/api/usage/records?user=${user}&key=3`, ADMIN)
  }
  assert.deepEqual(
    asked.map(({ uid, key }) => [uid, key]),
    [
      [undefined, undefined],
      ['2', '3'],
      ['2', '3'],
      ['0', '3'],
    ],
  )
})

test('a file has all lines, in local time and UTC', async () => {
  const { parts, asked } = records(2500)
  const response = await createApp(fakeDeps(parts)).request('/api/usage/records?format=csv', {
    headers: gateHeaders('2'),
  })
  assert.equal(response.headers.get('Content-Type'), 'text/csv; charset=utf-8')
  assert.match(
    response.headers.get('Content-Disposition') ?? '',
    /^attachment; filename="usage.csv"/,
  )
  const bytes = Buffer.from(await response.arrayBuffer())
  assert.deepEqual([...bytes.subarray(0, 3)], [0xef, 0xbb, 0xbf])
  const lines = bytes.subarray(3).toString().split('\r\n')
  assert.equal(lines.length, 2502)
  assert.match(lines[0] ?? '', /^time_Asia\/Shanghai,time_utc,request_id,/)
  assert.match(
    lines[1] ?? '',
    /^2026-11-22 20:00:00,2026-11-22T12:00:00.000Z,0{32},m,m,done,stop,1,0,/,
  )
  assert.doesNotMatch(bytes.toString(), /key_alias|anna/)
  assert.ok(asked.every(({ limit }) => limit <= 1000))
})

test('nothing is read for whoever has left, also while nothing is found', async () => {
  for (const found of [[call(1)], []]) {
    let reads = 0
    const usageRecords: UsageRecords = {
      list: async () => {
        reads += 1
        return { items: found, next: call(1).place }
      },
    }
    const app = createApp(fakeDeps({ usageRecords }))
    const response = await app.request('/api/usage/records?format=csv', {
      headers: gateHeaders('2'),
    })
    const reader = (response.body ?? assert.fail('no body')).getReader()
    await reader.read()
    await reader.cancel()
    const before = reads
    await new Promise((resolve) => setImmediate(resolve))
    assert.equal(reads, before)
    assert.ok(before < 2000, String(before))
  }
})

test('bad parameters are named', async () => {
  const { parts } = records(5)
  const { body: page } = await get<Records>(parts, '/api/usage/records?limit=2')
  const cursor = page.next ?? ''
  const tampered = `${cursor.startsWith('A') ? 'B' : 'A'}${cursor.slice(1)}`
  for (const [query, field] of [
    ['records?limit=0', 'limit'],
    ['records?limit=201', 'limit'],
    ['records?limit=ten', 'limit'],
    ['records?limit=1&limit=2', 'limit'],
    [`records?cursor=${tampered}`, 'cursor'],
    ['records?cursor=', 'cursor'],
    ['records?user=1', 'user'],
    ['records?key=1', 'key'],
    ['records?ending=bad', 'ending'],
    ['records?order=up', 'order'],
    ['records?format=xml', 'format'],
    ['records?from=yesterday', 'from'],
    ['records?from=2026-02-30', 'from'],
    ['records?from=0001-01-01', 'from'],
    ['records?from=2026-11-02&to=2026-11-01', 'to'],
    ['series?group=key', 'group'],
    ['series?range=decade', 'range'],
    ['series?range=7d&from=2026-11-01', 'range'],
    ['series?to=2026-11-01', 'from'],
    ['series?from=2026-11-02&to=2026-11-02', 'to'],
    ['series?from=2020-01-01', 'by'],
    ['series?range=90d&by=hour', 'by'],
    ['summary?range=7d', 'range'],
  ]) {
    const { status, body } = await get<Problem>(parts, `/api/usage/${query}`)
    assert.equal(status, 400, query)
    assert.equal(body.code, 'invalid_request')
    assert.equal(body.errors?.[0]?.field, field, query)
  }
})

test('everybody’s usage is for admins, one’s own for whoever is signed in', async () => {
  for (const path of [
    ...['summary', 'series', 'records', 'statistics'].map((name) => `/admin/api/usage/${name}`),
    '/admin/api/logs',
  ]) {
    assert.equal((await get<Problem>({}, path)).body.code, 'admin_only', path)
    assert.equal((await get<Problem>({}, path, gateHeaders())).body.code, 'unauthenticated', path)
  }
  for (const name of ['summary', 'series', 'records']) {
    assert.equal((await get({}, `/api/usage/${name}`, gateHeaders())).status, 401)
  }
})
