import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Page, ProxyLogView } from '#contract/api.ts'
import type { Problem } from '#contract/problem.ts'
import { createApp } from '../app.ts'
import { fakeDeps, gateHeaders, jsonOf, NOW } from '../fake-deps.ts'
import type { LogQuery } from '../stores/proxy-logs.ts'

const DAY_MS = 86_400_000

/** Asks for logs and returns the answer with what the table was asked. */
async function logs(query: string) {
  const asked: LogQuery[] = []
  const deps = fakeDeps({
    proxyLogs: {
      insert: async () => {},
      list: async (filter) => {
        asked.push(filter)
        return []
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

test('without a range it is the last day, open to clocks that are ahead', async () => {
  const { body, asked } = await logs('')
  assert.deepEqual(body, { items: [], next: null })
  assert.deepEqual(asked, {
    from: new Date(NOW - DAY_MS),
    to: new Date(NOW + DAY_MS),
    status: undefined,
    statusSpan: 1,
    path: undefined,
    uid: undefined,
    after: undefined,
    limit: 51,
  })
})

test('filters: status or class, path, user, range with any offset', async () => {
  const { asked } = await logs(
    '?status=4xx&path=/api/&user=anna&limit=5&from=2026-11-20T08:00:00%2B08:00&to=2026-11-21T00:00:00Z',
  )
  assert.deepEqual(asked, {
    from: new Date('2026-11-20T00:00:00Z'),
    to: new Date('2026-11-21T00:00:00Z'),
    status: 400,
    statusSpan: 100,
    path: '/api/',
    uid: '2',
    after: undefined,
    limit: 6,
  })
  assert.equal((await logs('?status=404')).asked?.status, 404)
  const onlyTo = await logs('?to=2026-11-01T00:00:00Z')
  assert.deepEqual(onlyTo.asked?.from, new Date('2026-10-31T00:00:00Z'))
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
  ] as const) {
    const { status, body, asked } = await logs(query)
    assert.equal(status, 400, query)
    assert.equal(body.errors?.[0]?.field, field)
    assert.equal(asked, undefined)
  }
})
