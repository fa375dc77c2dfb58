/** Lists of calls: filters, order, cursors under changes, files, and who may see what. */

import assert from 'node:assert/strict'
import type { Page, UsageRecord } from '#contract/api.ts'
import type { UsageSeries } from '#contract/usage.ts'
import { RECORDS_WINDOW } from '../../worker/src/stores/usage-records.ts'
import { makeAccount, signedIn } from '../support/accounts.ts'
import type { Client } from '../support/client.ts'
import { readCsv } from '../support/csv.ts'
import { sqlRun } from '../support/sql.ts'
import { useStack } from '../support/test-stack.ts'
import { addPastCall, addPastCalls, type PastCall } from '../support/usage-fixture.ts'

const { stackTest } = useStack()

const OWN = '/api/usage/records'
const ALL = '/admin/api/usage/records'
const BEGAN = Date.UTC(2026, 5, 1)

function callAt(second: number, changes: Partial<PastCall> = {}): PastCall {
  const startedAt = new Date(BEGAN + second * 1000)
  return { startedAt, promptTokens: second, completionTokens: 1, cost: '0.5', ...changes }
}

async function page(client: Client, path: string): Promise<Page<UsageRecord>> {
  const answer = await client.send(path)
  assert.equal(answer.status, 200, answer.text)
  return answer.json()
}

/** Reads all pages. */
async function walk(client: Client, path: string): Promise<readonly UsageRecord[]> {
  const items: UsageRecord[] = []
  for (let next: string | null = ''; next !== null; ) {
    const found = await page(client, `${path}${next === '' ? '' : `&cursor=${next}`}`)
    items.push(...found.items)
    next = found.next
  }
  return items
}

const seconds = (items: readonly UsageRecord[]) => items.map(({ prompt_tokens }) => prompt_tokens)

stackTest('both orders, page by page, with calls that began at once', async ({ plan }) => {
  const { client, account } = await signedIn(plan)
  const at = [0, 1, 2, 2, 2, 2, 2, 3, 4]
  await addPastCalls(
    plan,
    account,
    at.map((second) => callAt(second)),
  )
  for (const [order, expected] of [
    ['newest', at.toReversed()],
    ['oldest', at],
  ] as const) {
    const found = await walk(client, `${OWN}?limit=2&order=${order}`)
    assert.deepEqual(seconds(found), expected)
    assert.equal(new Set(found.map(({ request_id }) => request_id)).size, at.length)
  }
})

stackTest('filters of one’s own calls, one by one and together', async ({ plan }) => {
  const { client, account } = await signedIn(plan)
  await addPastCalls(plan, account, [
    callAt(0, { model: 'a' }),
    callAt(1, { model: 'b', ending: 'timeout' }),
    callAt(2, { model: 'b', token: '5' }),
    callAt(3, { model: 'a', ending: 'timeout' }),
    callAt(4, { ending: 'open', model: 'a' }),
  ])
  for (const [query, expected] of [
    ['model=a', [4, 3, 0]],
    ['model=A', []],
    ['ending=timeout', [3, 1]],
    ['ending=open', [4]],
    ['model=b&ending=timeout', [1]],
    ['token=5', [2]],
    ['from=2026-06-01T00:00:01Z&to=2026-06-01T00:00:03Z', [2, 1]],
    ['model=b&from=2026-06-01T00:00:02Z', [2]],
  ] as const) {
    assert.deepEqual(seconds(await walk(client, `${OWN}?limit=1&${query}`)), expected, query)
  }
})

stackTest('an admin filters by user, key and ending', async ({ plan }) => {
  const [{ client }, one, two] = [
    await signedIn(plan, 'admin', 'api=1000'),
    await makeAccount(plan),
    await makeAccount(plan),
  ]
  const key = String(900_000_000 + Number(one.id))
  await addPastCalls(plan, one, [callAt(0, { key }), callAt(1, { key, ending: 'interrupted' })])
  await addPastCalls(plan, two, [callAt(2, { key, ending: 'interrupted' }), callAt(3)])
  const range = 'from=2026-06-01T00:00:00Z&to=2026-06-01T00:00:10Z'
  for (const [query, expected] of [
    [`key=${key}`, [2, 1, 0]],
    [`key=${key}&ending=interrupted`, [2, 1]],
    [`user=${one.username}`, [1, 0]],
    [`user=${one.id}&key=${key}&ending=interrupted`, [1]],
    [`user=${two.id}&key=${key}`, [2]],
    ['user=nobody', []],
  ] as const) {
    assert.deepEqual(seconds(await walk(client, `${ALL}?${range}&${query}`)), expected, query)
  }
  const series = (
    await client.send(`/admin/api/usage/series?user=${one.id}&group=key&${range}&by=hour`)
  ).json<UsageSeries>()
  assert.deepEqual(
    series.lines.map(({ value, name, points }) => [value, name, points[0]?.requests]),
    [[key, null, 2]],
  )
})

stackTest('calls that come meanwhile move no page', async ({ plan }) => {
  const { client, account } = await signedIn(plan)
  await addPastCalls(
    plan,
    account,
    Array.from({ length: 40 }, (_, second) => callAt(second)),
  )
  for (const order of ['newest', 'oldest'] as const) {
    const seen: UsageRecord[] = []
    let path = `${OWN}?limit=5&order=${order}&to=2026-06-01T00:00:40Z`
    for (let more = 0; ; more += 1) {
      const found = await page(client, path)
      seen.push(...found.items)
      if (found.next === null) break
      // Before all others, and after all of the range.
      await addPastCall(plan, account, callAt(-100 - more, { promptTokens: 7 }))
      await addPastCall(plan, account, callAt(100 + more))
      path = `${OWN}?limit=5&order=${order}&to=2026-06-01T00:00:40Z&cursor=${found.next}`
    }
    const first = seen.filter(({ started_at }) => started_at >= '2026-06-01')
    const expected = Array.from({ length: 40 }, (_, second) => second)
    assert.deepEqual(seconds(first), order === 'newest' ? expected.toReversed() : expected)
    assert.equal(new Set(seen.map(({ request_id }) => request_id)).size, seen.length)
  }
})

stackTest('a filter that matches little: short pages, and nothing is missed', async ({ plan }) => {
  const { client, account } = await signedIn(plan)
  const rare = new Set([0, 10, RECORDS_WINDOW, RECORDS_WINDOW + 1, 2 * RECORDS_WINDOW])
  const calls = Array.from({ length: 2 * RECORDS_WINDOW + 1 }, (_, second) =>
    callAt(second, rare.has(second) ? { model: 'rare' } : {}),
  )
  for (let at = 0; at < calls.length; at += 2000) {
    await addPastCalls(plan, account, calls.slice(at, at + 2000))
  }
  const expected = [...rare].toSorted((a, b) => b - a)
  assert.deepEqual(seconds(await walk(client, `${OWN}?limit=50&model=rare`)), expected)
  assert.deepEqual(
    seconds(await walk(client, `${OWN}?limit=1&model=rare&order=oldest`)),
    expected.toReversed(),
  )
  const none = await page(client, `${OWN}?limit=50&model=none`)
  assert.deepEqual(none.items, [])
  assert.notEqual(none.next, null)
  assert.deepEqual(await walk(client, `${OWN}?limit=50&model=none`), [])
  const file = readCsv((await client.send(`${OWN}?format=csv&model=rare`)).text)
  assert.equal(file.length, 1 + rare.size)
})

stackTest('a file reads back, and holds nothing that runs', async ({ plan }) => {
  const { client, account } = await signedIn(plan, 'admin')
  const models = ['=1+1', '+1', '-1', '@SUM(A1)', '\tx', 'a"b', 'a,b', 'a\r\nb', '模型', "'quoted"]
  await addPastCalls(
    plan,
    account,
    models.map((model, index) => callAt(index, { model })),
  )
  await sqlRun(plan, 'UPDATE users SET username = ? WHERE id = ?', [
    `=evil-${account.id}`,
    account.id,
  ])
  const answer = await client.send(`${ALL}?format=csv&order=oldest&user=${account.id}`)
  assert.match(String(answer.headers['content-type']), /^text\/csv; charset=utf-8/)
  assert.match(String(answer.headers['content-disposition']), /^attachment; filename="usage.csv"/)
  assert.ok(answer.text.startsWith('\uFEFF'))
  const [heads = [], ...rows] = readCsv(answer.text)
  const column = (name: string) => rows.map((row) => row[heads.indexOf(name)])
  assert.deepEqual(
    column('model'),
    models.map((model) => (/^[=+\-@\t]/.test(model) ? `'${model}` : model)),
  )
  assert.ok(column('username').every((name) => name === `'=evil-${account.id}`))
  const { items } = await page(client, `${ALL}?order=oldest&user=${account.id}`)
  assert.deepEqual(
    column('request_id'),
    items.map(({ request_id }) => request_id),
  )
  assert.deepEqual(
    column('cost'),
    items.map(({ cost }) => cost),
  )
  assert.deepEqual(
    column('time_utc'),
    items.map(({ started_at }) => started_at),
  )
})

stackTest('a reader may leave; the next one gets the whole file', async ({ plan }) => {
  const { client, account } = await signedIn(plan)
  const calls = Array.from({ length: 2000 }, (_, second) =>
    callAt(second, { model: 'm'.repeat(90) }),
  )
  for (let round = 0; round < 10; round += 1) await addPastCalls(plan, account, calls)
  const response = await client.open(`${OWN}?format=csv`)
  await new Promise((resolve) => response.once('data', resolve))
  response.destroy()
  const file = readCsv((await client.send(`${OWN}?format=csv`)).text)
  assert.equal(file.length, 20_001)
})

stackTest('nobody sees what is not theirs', async ({ plan }) => {
  const [mine, other] = [await signedIn(plan), await makeAccount(plan)]
  await addPastCalls(plan, other, [callAt(0, { key: '77', model: 'secret-model' })])
  const own = [callAt(1, { key: '77' }), callAt(2)]
  await addPastCalls(plan, mine.account, own)
  const { items } = await page(mine.client, OWN)
  assert.deepEqual(seconds(items), [2, 1])
  assert.ok(
    items.every((item) => item.key_alias === null && item.username === mine.account.username),
  )
  const text = (await mine.client.send(`${OWN}?format=csv`)).text
  assert.doesNotMatch(text, /secret-model|key_alias/)
  assert.ok(!text.includes(other.username))
  const series = (await mine.client.send('/api/usage/series?range=365d&group=model')).text
  assert.doesNotMatch(series, /secret-model/)
  for (const query of [`user=${other.id}`, 'key=77', `token=1&user=${other.id}`]) {
    assert.equal((await mine.client.send(`${OWN}?${query}`)).status, 400, query)
  }
  assert.equal((await mine.client.send('/api/usage/series?group=key')).status, 400)
  for (const name of ['summary', 'series', 'records', 'statistics', 'records?format=csv']) {
    assert.equal((await mine.client.send(`/admin/api/usage/${name}`)).status, 403, name)
  }
})
