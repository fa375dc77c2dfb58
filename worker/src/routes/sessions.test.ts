import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { SessionView } from '#contract/api.ts'
import { createApp } from '../app.ts'
import type { Deps } from '../deps.ts'
import { Failure } from '../failure.ts'
import { liveSession } from '../fake-accounts.ts'
import { fakeDeps, gateHeaders, jsonOf } from '../fake-deps.ts'

const MINE = 'ab'.repeat(32)
const OTHER = 'cd'.repeat(32)

function setUp() {
  const deps = fakeDeps()
  deps.live.set('2', [liveSession(MINE), liveSession(OTHER, { ip: '10.0.0.2', ua: 'phone' })])
  deps.live.set('1', [liveSession('ef'.repeat(32))])
  return deps
}

function ask(deps: Deps, method: string, path = '', headers = gateHeaders('2')) {
  return createApp(deps).request(`/api/me/sessions${path}`, { method, headers })
}

test('people see where they are signed in, and which session is this one', async () => {
  const response = await ask(setUp(), 'GET')
  assert.equal(response.status, 200)
  const { sessions } = await jsonOf<{ sessions: SessionView[] }>(response)
  assert.deepEqual(sessions, [
    {
      id: MINE,
      current: true,
      created_at: '2026-11-22T12:00:00.000Z',
      last_seen_at: '2026-11-22T12:01:00.000Z',
      ip: '10.0.0.1',
      user_agent: 'test',
    },
    {
      id: OTHER,
      current: false,
      created_at: '2026-11-22T12:00:00.000Z',
      last_seen_at: '2026-11-22T12:01:00.000Z',
      ip: '10.0.0.2',
      user_agent: 'phone',
    },
  ])
})

test('one session is ended here and at the gate; the cookie goes only with its own', async () => {
  const deps = setUp()
  const other = await ask(deps, 'DELETE', `/${OTHER}`)
  assert.equal(other.status, 204)
  assert.equal(other.headers.get('X-Gate-Revoke'), `2:${OTHER}`)
  assert.equal(other.headers.get('Set-Cookie'), null)
  const mine = await ask(deps, 'DELETE', `/${MINE}`)
  assert.equal(mine.status, 204)
  assert.match(mine.headers.get('Set-Cookie') ?? '', /^__Host-sid=; Max-Age=0/)
  assert.deepEqual(deps.ended, [`2:${OTHER}`, `2:${MINE}`])
})

test('what is not a session of the person is not found, and nothing is revoked', async () => {
  const deps = setUp()
  for (const id of ['ef'.repeat(32), 'x', MINE.slice(1), 'AB'.repeat(32), '%20']) {
    const response = await ask(deps, 'DELETE', `/${id}`)
    assert.equal(response.status, 404, id)
    assert.equal(response.headers.get('X-Gate-Revoke'), null)
  }
  assert.deepEqual(deps.ended, [])
})

test('all others are ended by one write, and this one lives on in the new epoch', async () => {
  const deps = setUp()
  const response = await ask(deps, 'DELETE')
  assert.equal(response.status, 204)
  assert.equal(response.headers.get('X-Gate-Revoke'), '2:5')
  assert.equal(response.headers.get('Set-Cookie'), null)
  assert.deepEqual(deps.kept, [`2:${MINE}@5`])
  assert.equal(deps.accounts.get('2')?.epoch, 5)
})

test('a session that was ended meanwhile cannot end others', async () => {
  const deps = setUp()
  deps.live.set('2', [liveSession(OTHER)])
  assert.equal((await ask(deps, 'DELETE')).status, 401)
  deps.live.set('2', [liveSession(MINE, { epoch: 3 })])
  assert.equal((await ask(deps, 'DELETE')).status, 401)
  assert.equal(deps.accounts.get('2')?.epoch, 4)
})

test('Redis going away after the epoch was raised is no failure any more', async () => {
  const deps = setUp()
  const keepOne = () => Promise.reject(new Failure('session_store_unavailable'))
  const response = await ask({ ...deps, sessions: { ...deps.sessions, keepOne } }, 'DELETE')
  assert.equal(response.status, 204)
  assert.equal(response.headers.get('X-Gate-Revoke'), '2:5')
})

test('sessions are the business of people who are signed in', async () => {
  for (const [method, path] of [
    ['GET', ''],
    ['DELETE', ''],
    ['DELETE', `/${MINE}`],
  ] as const) {
    assert.equal((await ask(setUp(), method, path, gateHeaders())).status, 401)
  }
})
