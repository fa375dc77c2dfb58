import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Page, UserView } from '#contract/api.ts'
import type { Problem } from '#contract/problem.ts'
import { createApp } from '../app.ts'
import type { Deps } from '../deps.ts'
import { Failure } from '../failure.ts'
import { liveSession } from '../fake-accounts.ts'
import { type FakeDeps, fakeDeps, gateHeaders, jsonOf } from '../fake-deps.ts'

const ADMIN = gateHeaders('1', 'admin')

function list(deps: Deps, query = '', headers = ADMIN) {
  return createApp(deps).request(`/admin/api/users${query}`, { headers })
}

function send(deps: Deps, id: string, body: unknown, headers = ADMIN) {
  return createApp(deps).request(`/admin/api/users/${id}`, {
    method: 'PATCH',
    headers: { ...headers, 'Content-Type': 'application/json' },
    body: JSON.stringify(body),
  })
}

/** Changes what is there. */
function patch(deps: FakeDeps, id: string, body: object, headers = ADMIN) {
  const version = deps.accounts.get(id)?.revision ?? 1
  return send(deps, id, { version, ...body }, headers)
}

test('accounts are listed page by page, with their live sessions', async () => {
  const deps = fakeDeps()
  deps.live.set('2', [liveSession('a'), liveSession('b')])
  const first = await jsonOf<Page<UserView>>(await list(deps, '?limit=1'))
  assert.deepEqual(first.items, [
    {
      ...{ id: '1', username: 'root', role: 'admin', state: 'enabled' },
      ...{ limits: {}, must_change: false, last_login_at: null, active_sessions: 0 },
      version: 1,
    },
  ])
  const second = await jsonOf<Page<UserView>>(await list(deps, `?limit=1&cursor=${first.next}`))
  assert.deepEqual(
    second.items.map(({ username, active_sessions: active }) => [username, active]),
    [['anna', 2]],
  )
  assert.equal(second.next, null)
})

test('without Redis the list has no numbers of sessions', async () => {
  const deps = fakeDeps()
  const away = () => Promise.reject(new Failure('session_store_unavailable'))
  const response = await list({ ...deps, sessions: { ...deps.sessions, list: away } })
  const { items } = await jsonOf<Page<UserView>>(response)
  assert.deepEqual(
    items.map((user) => user.active_sessions),
    [null, null],
  )
})

test('disabling a user tells Redis and the gate', async () => {
  const deps = fakeDeps()
  const response = await patch(deps, '2', { state: 'disabled' })
  assert.equal(response.status, 200)
  assert.equal((await jsonOf<UserView>(response)).state, 'disabled')
  assert.equal(response.headers.get('X-Gate-Revoke'), '2:5')
  const { state, epoch } = deps.copies[0] ?? {}
  assert.deepEqual([state, epoch], ['disabled', 5])
})

test('what an administrator loses is gone at once, what somebody gains needs no haste', async () => {
  const deps = fakeDeps()
  const up = await patch(deps, '2', { role: 'admin' })
  assert.equal((await jsonOf<UserView>(up)).role, 'admin')
  assert.equal(up.headers.get('X-Gate-Revoke'), null)
  const down = await patch(deps, '2', { role: 'user' })
  assert.equal(down.headers.get('X-Gate-Revoke'), '2:5')
  assert.deepEqual(
    deps.copies.map(({ role, epoch }) => [role, epoch]),
    [
      ['admin', 4],
      ['user', 5],
    ],
  )
})

test('own limits are set and taken away without ending a session', async () => {
  const deps = fakeDeps()
  const set = await patch(deps, '2', { limits: { chat: 20, api: 500 } })
  assert.deepEqual((await jsonOf<UserView>(set)).limits, { chat: 20, api: 500 })
  assert.equal(set.headers.get('X-Gate-Revoke'), null)
  const cleared = await patch(deps, '2', { limits: {} })
  assert.deepEqual((await jsonOf<UserView>(cleared)).limits, {})
  assert.deepEqual(
    deps.copies.map(({ limits, epoch }) => [limits, epoch]),
    [
      ['chat=20,api=500', 4],
      ['', 4],
    ],
  )
})

test('what is wrong is named, and nothing is changed', async () => {
  const many = Object.fromEntries(
    Array.from({ length: 10 }, (_, n) => [`${'p'.repeat(30)}${n}`, 5]),
  )
  const table: readonly (readonly [object, string])[] = [
    [{}, 'version'],
    [[], ''],
    [{ version: 1 }, ''],
    [{ version: '1', state: 'enabled' }, 'version'],
    [{ state: 'gone' }, 'state'],
    [{ role: 'owner' }, 'role'],
    [{ limits: { chat: 0 } }, 'limits.chat'],
    [{ limits: { chat: 2001 } }, 'limits.chat'],
    [{ limits: { chat: '5' } }, 'limits.chat'],
    [{ limits: { 'chat=1,x': 5 } }, 'limits.chat=1,x'],
    [{ limits: many }, 'limits'],
  ]
  const deps = fakeDeps()
  for (const [body, field] of table) {
    const given =
      Array.isArray(body) || Object.keys(body).length === 0 ? body : { version: 1, ...body }
    const response = await send(deps, '2', given)
    assert.equal(response.status, 400, JSON.stringify(body))
    const { errors } = await jsonOf<Problem>(response)
    assert.equal(errors?.[0]?.field, field, JSON.stringify(errors))
  }
  assert.deepEqual(deps.copies, [])
})

test('a change names the state that it expects, and its origin is handed on', async () => {
  const deps = fakeDeps()
  const stale = await send(deps, '2', { version: 7, limits: { chat: 1 } })
  assert.equal(stale.status, 409)
  const { code, current } = await jsonOf<Problem>(stale)
  assert.deepEqual([code, (current as UserView).version], ['conflict', 1])
  assert.deepEqual([deps.copies, deps.origins], [[], []])
  assert.equal((await send(deps, '2', { version: 1, limits: { chat: 1 } })).status, 200)
  assert.deepEqual(
    deps.origins.map(({ uid, name }) => [uid, name]),
    [['1', 'root']],
  )
  const shown = await createApp(deps).request('/admin/api/users/2', { headers: ADMIN })
  assert.equal((await jsonOf<UserView>(shown)).version, 2)
})

test('an account that is not there is not found', async () => {
  for (const id of ['77', '0', '02', 'anna', '1'.repeat(20)]) {
    assert.equal((await patch(fakeDeps(), id, { state: 'enabled' })).status, 404, id)
  }
})

test('the last administrator stays', async () => {
  const deps = fakeDeps()
  const change = () => Promise.reject(new Failure('last_admin'))
  const userStates = { ...deps.userStates, change }
  const response = await patch({ ...deps, userStates }, '1', { state: 'disabled' })
  assert.equal(response.status, 409)
  assert.equal((await jsonOf<Problem>(response)).code, 'last_admin')
})

test('without Redis a change is made all the same', async () => {
  const deps = fakeDeps()
  const write = () => Promise.reject(new Failure('session_store_unavailable'))
  const response = await patch({ ...deps, userCopies: { ...deps.userCopies, write } }, '2', {
    state: 'disabled',
  })
  assert.equal(response.status, 200)
  assert.equal(response.headers.get('X-Gate-Revoke'), '2:5')
})

test('accounts are the business of admins', async () => {
  const deps = fakeDeps()
  for (const headers of [gateHeaders('2'), gateHeaders()]) {
    const expected = headers['X-Gate-User'] === undefined ? 401 : 403
    assert.equal((await list(deps, '', headers)).status, expected)
    assert.equal((await patch(deps, '2', { state: 'disabled' }, headers)).status, expected)
  }
  assert.equal(deps.accounts.get('2')?.state, 'enabled')
})
