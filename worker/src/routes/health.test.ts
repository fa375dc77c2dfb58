import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createApp } from '../app.ts'
import { fakeDeps, gateHeaders, jsonOf } from '../fake-deps.ts'

/** An application whose Redis, MySQL and draining a test switches. */
function switched() {
  const state = { redis: true, mysql: true, draining: false }
  const deps = fakeDeps()
  const gone = () => Promise.reject(new Error('gone'))
  const { query } = deps.db
  const app = createApp({
    ...deps,
    redis: Object.assign(deps.redis, {
      ping: () => (state.redis ? Promise.resolve('PONG' as const) : gone()),
    }),
    db: {
      ...deps.db,
      query: (...args: Parameters<typeof query>) => (state.mysql ? query(...args) : gone()),
    },
    isDraining: () => state.draining,
  })
  const ask = async () => {
    const response = await app.request('/readyz', { headers: gateHeaders() })
    const { status } = await jsonOf<{ status: string }>(response)
    return [response.status, status]
  }
  return { state, ask }
}

test('it is ready with all it needs, and not without MySQL or while it ends', async () => {
  const { state, ask } = switched()
  assert.deepEqual(await ask(), [200, 'ready'])
  state.mysql = false
  assert.deepEqual(await ask(), [503, 'not_ready'])
  state.mysql = true
  state.draining = true
  assert.deepEqual(await ask(), [503, 'not_ready'])
})

test('a start waits for Redis, a later outage of it only degrades', async () => {
  const { state, ask } = switched()
  state.redis = false
  assert.deepEqual(await ask(), [503, 'not_ready'])
  state.redis = true
  assert.deepEqual(await ask(), [200, 'ready'])
  state.redis = false
  assert.deepEqual(await ask(), [200, 'degraded'])
  state.mysql = false
  assert.deepEqual(await ask(), [503, 'not_ready'])
})
