import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseAccessToken } from '#contract/access-token.ts'
import type { TokenView } from '#contract/api.ts'
import { createApp } from '../app.ts'
import type { Deps } from '../deps.ts'
import { accessTokenFor } from '../domain/access-token.ts'
import { Failure } from '../failure.ts'
import { fakeDeps, gateHeaders, jsonOf, NOW, TOKEN_SECRET } from '../fake-deps.ts'

const DAY_MS = 86_400_000

type Made = TokenView & { readonly token: string }

function post(deps: Deps, body: unknown, headers = gateHeaders('2')) {
  return createApp(deps).request('/api/tokens', {
    method: 'POST',
    headers: { ...headers, 'Content-Type': 'application/json' },
    body: JSON.stringify(body),
  })
}

function ask(deps: Deps, path: string, method = 'GET', headers = gateHeaders('2')) {
  return createApp(deps).request(path, { method, headers })
}

test('a token is shown once; what is stored opens nothing', async () => {
  const deps = fakeDeps()
  const response = await post(deps, { name: ' my script ', expires_in_days: 30 })
  assert.equal(response.status, 201)
  const { token, ...view } = await jsonOf<Made>(response)
  const parts = parseAccessToken(token)
  assert.ok(parts)
  const { hash, token: signed } = accessTokenFor('2', parts.secret, TOKEN_SECRET)
  assert.equal(signed, token)
  assert.deepEqual(view, {
    id: '1',
    name: 'my script',
    prefix: 'cg_2_',
    last4: token.slice(-4),
    ...{ models: null, limit: null, quotas: [], version: 1 },
    created_at: new Date(NOW).toISOString(),
    expires_at: new Date(NOW + 30 * DAY_MS).toISOString(),
    last_used_at: null,
  })
  assert.deepEqual([...deps.tokens.keys()], [hash])
  assert.ok(!JSON.stringify([...deps.tokens]).includes(parts.secret))
  const listed = await jsonOf<object>(await ask(deps, '/api/tokens'))
  assert.deepEqual(listed, { tokens: [view] })
})

test('without a number of days a token does not expire', async () => {
  const response = await post(fakeDeps(), { name: 'x' })
  assert.equal((await jsonOf<Made>(response)).expires_at, null)
})

test('what is wrong is named, and no token is made', async () => {
  const deps = fakeDeps()
  for (const body of [
    {},
    { name: '' },
    { name: '  ' },
    { name: 'x'.repeat(65) },
    { name: 'x', expires_in_days: 0 },
    { name: 'x', expires_in_days: 1.5 },
    { name: 'x', expires_in_days: 3651 },
    { name: 'x', uid: '1' },
  ]) {
    assert.equal((await post(deps, body)).status, 400, JSON.stringify(body))
  }
  assert.equal(deps.tokens.size, 0)
  const create = async () => undefined
  const full = { ...deps, accessTokens: { ...deps.accessTokens, create } }
  assert.equal((await post(full, { name: 'x' })).status, 400)
})

test('a revoked token is forgotten by the gate at once, with or without Redis', async () => {
  const deps = fakeDeps()
  const { id } = await jsonOf<Made>(await post(deps, { name: 'a' }))
  const [hash = ''] = deps.tokens.keys()
  assert.equal((await ask(deps, `/api/tokens/${id}`, 'DELETE', gateHeaders('1'))).status, 404)
  const forget = () => Promise.reject(new Failure('session_store_unavailable'))
  const noRedis = { ...deps, accessTokens: { ...deps.accessTokens, forget } }
  const response = await ask(noRedis, `/api/tokens/${id}`, 'DELETE')
  assert.equal(response.status, 204)
  assert.equal(response.headers.get('X-Gate-Revoke'), `2:${hash}`)
  assert.equal(deps.tokens.size, 0)
  for (const unknown of [id, '99', 'x', '01']) {
    const again = await ask(deps, `/api/tokens/${unknown}`, 'DELETE')
    assert.equal(again.status, 404)
    assert.equal(again.headers.get('X-Gate-Revoke'), null)
  }
})

test('the gate learns whether a token is good, and when nobody can say', async () => {
  const deps = fakeDeps()
  await post(deps, { name: 'a' })
  const [hash = ''] = deps.tokens.keys()
  const check = async (given: Deps, query: string) =>
    (await ask(given, `/internal/token?${query}`, 'GET', gateHeaders())).status
  assert.equal(await check(deps, `uid=2&hash=${hash}`), 204)
  assert.equal(await check(deps, `uid=1&hash=${hash}`), 404)
  assert.equal(await check(deps, `uid=2&hash=${'0'.repeat(64)}`), 404)
  assert.equal(await check(deps, `uid=2&hash=${hash.slice(1)}`), 400)
  assert.equal(await check(deps, `hash=${hash}`), 400)
  for (const code of ['storage_unavailable', 'session_store_unavailable'] as const) {
    const load = () => Promise.reject(new Failure(code))
    const away = { ...deps, accessTokens: { ...deps.accessTokens, load } }
    assert.equal(await check(away, `uid=2&hash=${hash}`), 503)
  }
})

test('tokens are made, listed and revoked by people, not by programs', async () => {
  const program = { ...gateHeaders(), 'X-Gate-User': '2', 'X-Gate-Token': '7' }
  for (const headers of [gateHeaders(), program]) {
    assert.equal((await post(fakeDeps(), { name: 'x' }, headers)).status, 401)
    assert.equal((await ask(fakeDeps(), '/api/tokens', 'GET', headers)).status, 401)
    assert.equal((await ask(fakeDeps(), '/api/tokens/1', 'DELETE', headers)).status, 401)
  }
})
