import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Page, ProxyLogView } from '#contract/api.ts'
import type { Problem } from '#contract/problem.ts'
import { createApp } from '../app.ts'
import { fakeDeps, gateHeaders, jsonOf, NOW } from '../fake-deps.ts'
import type { LogQuery } from '../stores/proxy-log-list.ts'

const DAY_MS = 86_400_000

/** Asks for logs and returns the answer with what the table was asked. */
async function logs(query: string) {
  const asked: LogQuery[] = []
  const deps = fakeDeps({
    proxyLogList: {
      list: async (filter) => {
        asked.push(filter)
        return { items: [], next: undefined }
      },
    },
  })
  const response = await createApp(deps).request(`/admin/api/logs${query}`, {
    headers: gateHeaders('1', 'admin'),
  })
  return {
    status: response.status,
    body: await jsonOf<Partial<Page<ProxyLogView> & Problem>>(response),
    asked: asked[0],
  }
}

const NOTHING = {
  ...{ status: undefined, statusClass: undefined, path: undefined, uid: undefined },
  ...{ method: undefined, verdict: undefined, ip: undefined, requestId: undefined },
  after: undefined,
  order: 'newest',
}

test('without a range it is the last day, open to clocks that are ahead', async () => {
  const { body, asked } = await logs('')
  assert.deepEqual(body, { items: [], next: null })
  assert.deepEqual(asked, {
    ...NOTHING,
    from: new Date(NOW - DAY_MS),
    to: new Date(NOW + DAY_MS),
    limit: 50,
  })
})

test('all filters, a range with any offset', async () => {
  const { asked } = await logs(
    `?status=4xx&path=/api/&user=anna&limit=5&from=2026-11-20T08:00:00%2B08:00&to=2026-11-21T00:00:00Z
    &method=GET&verdict=rate_limited&ip=2001:db8::1&order=oldest`.replace(/\s+/g, ''),
  )
  assert.deepEqual(asked, {
    ...NOTHING,
    from: new Date('2026-11-20T00:00:00Z'),
    to: new Date('2026-11-21T00:00:00Z'),
    statusClass: 4,
    path: '/api/',
    uid: '2',
    method: 'GET',
    verdict: 'rate_limited',
    ip: '2001:db8::1',
    order: 'oldest',
    limit: 5,
  })
  const one = (await logs('?status=404')).asked
  assert.deepEqual([one?.status, one?.statusClass], [404, undefined])
  const onlyTo = await logs('?to=2026-11-01T00:00:00Z')
  assert.deepEqual(onlyTo.asked?.from, new Date('2026-10-31T00:00:00Z'))
  assert.equal((await logs('?verdict=')).asked?.verdict, '')
})

test('days are days of the zone, and a request is looked for at any time', async () => {
  const { asked } = await logs('?from=2026-11-20&to=2026-11-21')
  assert.deepEqual(asked?.from, new Date('2026-11-19T16:00:00Z'))
  const named = (await logs(`?request_id=${'ab'.repeat(16)}`)).asked
  assert.deepEqual([named?.requestId, named?.from], ['ab'.repeat(16), new Date(0)])
})

test('what is no filter is refused by name', async () => {
  for (const [query, field] of [
    ['?status=9', 'status'],
    ['?status=6xx', 'status'],
    ['?path=api', 'path'],
    ['?from=yesterday', 'from'],
    ['?from=2026-11-02T00:00:00Z&to=2026-11-01T00:00:00Z', 'to'],
    ['?cursor=AAAA', 'cursor'],
    ['?order=asc', 'order'],
    ['?ip=1.2.3', 'ip'],
    ['?method=get', 'method'],
    ['?request_id=1', 'request_id'],
    ["?verdict='", 'verdict'],
    ['?sort=ip', 'sort'],
  ] as const) {
    const { status, body, asked } = await logs(query)
    assert.equal(status, 400, query)
    assert.equal(body.errors?.[0]?.field, field)
    assert.equal(asked, undefined)
  }
})
