import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { MadeUser, ResetPassword } from '#contract/api.ts'
import type { Problem } from '#contract/problem.ts'
import { createApp } from '../app.ts'
import type { Deps } from '../deps.ts'
import { Failure } from '../failure.ts'
import { fakeDeps, gateHeaders, jsonOf } from '../fake-deps.ts'

function post(deps: Deps, path: string, body?: unknown) {
  return createApp(deps).request(`/admin/api/users${path}`, {
    method: 'POST',
    headers: { ...gateHeaders('1', 'admin'), 'Content-Type': 'application/json' },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  })
}

test('an account is made with a password to pass on, which has to be changed', async () => {
  const deps = fakeDeps()
  const response = await post(deps, '', { username: '王芳.2', role: 'user' })
  assert.equal(response.status, 201)
  const { user, password } = await jsonOf<MadeUser>(response)
  assert.deepEqual(user, {
    ...{ id: '3', username: '王芳.2', role: 'user', state: 'enabled', limits: {} },
    ...{ must_change: true, last_login_at: null, active_sessions: 0, version: 1 },
  })
  const { passwordHash, mustChange } = deps.accounts.get('3') ?? {}
  assert.deepEqual([passwordHash, mustChange], [`hash of ${password}`, 1])
})

test('a password that the administrator chose is not repeated', async () => {
  const deps = fakeDeps()
  const body = { username: 'zoe', role: 'admin', password: 'chosen for her' }
  const response = await post(deps, '', body)
  const text = await response.text()
  assert.doesNotMatch(text, /chosen/)
  assert.equal(JSON.parse(text).password, null)
  const { passwordHash, mustChange, role } = deps.accounts.get('3') ?? {}
  assert.deepEqual([passwordHash, mustChange, role], ['hash of chosen for her', 1, 'admin'])
})

test('names are letters and digits with a few marks, in one normal form', async () => {
  const good = ['a', 'Anna.Müller_2@example+x-y', '管理员', 'x'.repeat(64)]
  for (const username of good) {
    const response = await post(fakeDeps(), '', { username, role: 'user' })
    assert.equal(response.status, 201, username)
  }
  const composed = await post(fakeDeps(), '', { username: 'Mu\u0308ller', role: 'user' })
  assert.equal((await jsonOf<MadeUser>(composed)).user.username, 'M\u00fcller')
  const bad = [
    '',
    ' anna',
    'an na',
    '.anna',
    'an\u200dna',
    'an\nna',
    '<b>',
    '12345',
    'x'.repeat(65),
  ]
  for (const username of bad) {
    const response = await post(fakeDeps(), '', { username, role: 'user' })
    assert.equal(response.status, 400, username)
    const { errors } = await jsonOf<Problem>(response)
    assert.equal(errors?.[0]?.field, 'username')
  }
})

test('role is needed, and a given password has to be a good one', async () => {
  for (const [body, field] of [
    [{ username: 'zoe' }, 'role'],
    [{ username: 'zoe', role: 'root' }, 'role'],
    [{ username: 'zoe', role: 'user', password: 'short' }, 'password'],
    [{ username: 'zoe.longname', role: 'user', password: 'ZOE.longname' }, 'password'],
    [{ username: 'zoe', role: 'user', state: 'disabled' }, 'state'],
  ] as const) {
    const response = await post(fakeDeps(), '', body)
    assert.equal(response.status, 400)
    assert.equal((await jsonOf<Problem>(response)).errors?.[0]?.field, field)
  }
})

test('a name that is taken is a conflict', async () => {
  const deps = fakeDeps()
  const create = () => Promise.reject(Object.assign(new Error('duplicate'), { errno: 1062 }))
  const response = await post({ ...deps, users: { ...deps.users, create } }, '', {
    ...{ username: 'anna', role: 'user' },
  })
  assert.equal(response.status, 409)
  assert.equal((await jsonOf<Problem>(response)).code, 'username_taken')
})

test('a reset gives another password and ends all sessions', async () => {
  const deps = fakeDeps()
  const response = await post(deps, '/2/reset-password')
  assert.equal(response.status, 200)
  const { password } = await jsonOf<ResetPassword>(response)
  const { passwordHash, mustChange, epoch } = deps.accounts.get('2') ?? {}
  assert.deepEqual([passwordHash, mustChange, epoch], [`hash of ${password}`, 1, 5])
  assert.equal(response.headers.get('X-Gate-Revoke'), '2:5')
  assert.deepEqual([deps.copies[0]?.epoch, deps.copies[0]?.mustChange], [5, 1])
})

test('without Redis a reset is made all the same; of nobody there is none', async () => {
  const deps = fakeDeps()
  const write = () => Promise.reject(new Failure('session_store_unavailable'))
  const away = { ...deps, userCopies: { ...deps.userCopies, write } }
  assert.equal((await post(away, '/2/reset-password')).status, 200)
  for (const id of ['77', '0', '02', 'anna']) {
    assert.equal((await post(deps, `/${id}/reset-password`)).status, 404, id)
  }
})
