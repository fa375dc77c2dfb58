import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createApp } from '../app.ts'
import type { Deps } from '../deps.ts'
import { Failure } from '../failure.ts'
import { liveSession } from '../fake-accounts.ts'
import { fakeDeps, gateHeaders } from '../fake-deps.ts'

const SESSION = `2:${'ab'.repeat(32)}`
const EXPIRED = '__Host-sid=; Max-Age=0; Path=/; HttpOnly; Secure; SameSite=Lax'

function logout(deps: Deps, method: string, headers: Record<string, string>, query = '') {
  return createApp(deps).request(`/logout${query}`, { method, headers })
}

function withoutRedis<D extends Deps>(deps: D): D {
  const away = () => Promise.reject(new Failure('session_store_unavailable', { retryAfter: 2 }))
  return {
    ...deps,
    sessions: { start: away, end: away, keepOne: away, find: away, list: away },
    userCopies: { write: away },
  }
}

function assertSignedOut(response: Response): void {
  assert.equal(response.status, 303)
  assert.equal(response.headers.get('Location'), '/login')
  assert.deepEqual(response.headers.getSetCookie(), [EXPIRED])
  assert.equal(response.headers.get('Clear-Site-Data'), '"cache", "storage"')
}

test('signing out ends the session everywhere and takes the cookie away', async () => {
  for (const method of ['GET', 'POST']) {
    const deps = fakeDeps()
    const response = await logout(deps, method, gateHeaders('2'))
    assertSignedOut(response)
    assert.equal(response.headers.get('X-Gate-Revoke'), SESSION)
    assert.deepEqual(deps.ended, [SESSION])
    assert.deepEqual(deps.noted, [SESSION])
  }
})

test('a session that was over already leaves nothing to be noted', async () => {
  const deps = fakeDeps()
  const sessions = { ...deps.sessions, end: async () => false }
  assertSignedOut(await logout({ ...deps, sessions }, 'POST', gateHeaders('2')))
  assert.deepEqual(deps.noted, [])
})

test('a link from another site or a prefetch signs nobody out', async () => {
  for (const headers of [
    { 'Sec-Fetch-Site': 'cross-site' },
    { 'Sec-Fetch-Site': 'same-site' },
    { 'Sec-Fetch-Site': 'same-origin', 'Sec-Purpose': 'prefetch' },
  ]) {
    const deps = fakeDeps()
    const response = await logout(deps, 'GET', { ...gateHeaders('2'), ...headers })
    assert.equal(response.status, 403)
    assert.deepEqual(response.headers.getSetCookie(), [])
    assert.equal(response.headers.get('X-Gate-Revoke'), null)
    assert.deepEqual(deps.ended, [])
  }
})

test('without Redis the browser is signed out all the same, and the rest is noted', async () => {
  const deps = fakeDeps()
  const response = await logout(withoutRedis(deps), 'POST', gateHeaders('2'))
  assertSignedOut(response)
  assert.equal(response.headers.get('X-Gate-Revoke'), SESSION)
  assert.deepEqual(deps.noted, [SESSION])
})

test('without MySQL, and without both, the browser is signed out all the same', async () => {
  const deps = fakeDeps()
  const note = () => Promise.reject(new Failure('storage_unavailable'))
  const noMysql = { ...deps, revocations: { ...deps.revocations, note } }
  assertSignedOut(await logout(noMysql, 'POST', gateHeaders('2')))
  assert.deepEqual(deps.ended, [SESSION])
  assertSignedOut(await logout(withoutRedis(noMysql), 'POST', gateHeaders('2')))
})

test('who is not signed in is left without a cookie', async () => {
  const deps = fakeDeps()
  const response = await logout(deps, 'GET', gateHeaders())
  assertSignedOut(response)
  assert.equal(response.headers.get('X-Gate-Revoke'), null)
  assert.deepEqual(deps.ended, [])
})

const EVERYWHERE = '?everywhere=1'

test('signing out everywhere raises the epoch and tells Redis and the gate', async () => {
  const deps = fakeDeps()
  deps.live.set('2', [liveSession('ab'.repeat(32)), liveSession('cd'.repeat(32))])
  const response = await logout(deps, 'POST', gateHeaders('2'), EVERYWHERE)
  assertSignedOut(response)
  assert.equal(response.headers.get('X-Gate-Revoke'), '2:5')
  assert.equal(deps.accounts.get('2')?.epoch, 5)
  assert.deepEqual(deps.copies, [deps.accounts.get('2')])
  assert.equal(deps.accounts.get('1')?.epoch, 4)
})

test('a cookie whose session is over ends nothing but itself', async () => {
  const deps = fakeDeps()
  deps.live.set('2', [liveSession('cd'.repeat(32))])
  const response = await logout(deps, 'POST', gateHeaders('2'), EVERYWHERE)
  assertSignedOut(response)
  assert.equal(response.headers.get('X-Gate-Revoke'), SESSION)
  assert.equal(deps.accounts.get('2')?.epoch, 4)
})

test('a link never signs out everywhere', async () => {
  const deps = fakeDeps()
  deps.live.set('2', [liveSession('ab'.repeat(32))])
  assertSignedOut(await logout(deps, 'GET', gateHeaders('2'), EVERYWHERE))
  assert.equal(deps.accounts.get('2')?.epoch, 4)
})

test('signing out everywhere works without Redis, and says so if MySQL is away', async () => {
  const deps = fakeDeps()
  const response = await logout(withoutRedis(deps), 'POST', gateHeaders('2'), EVERYWHERE)
  assertSignedOut(response)
  assert.equal(response.headers.get('X-Gate-Revoke'), '2:5')
  const away = () => Promise.reject(new Failure('storage_unavailable', { retryAfter: 2 }))
  const noMysql = { ...deps, userStates: { ...deps.userStates, raiseEpoch: away } }
  const failed = await logout(withoutRedis(noMysql), 'POST', gateHeaders('2'), EVERYWHERE)
  assert.equal(failed.status, 503)
  assert.deepEqual(failed.headers.getSetCookie(), [])
  assert.equal(failed.headers.get('X-Gate-Revoke'), null)
})
