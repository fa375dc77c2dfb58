import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createApp } from '../app.ts'
import { Failure } from '../failure.ts'
import { type FakeDeps, fakeDeps, gateHeaders } from '../fake-deps.ts'

const SESSION = `2:${'ab'.repeat(32)}`
const EXPIRED = '__Host-sid=; Max-Age=0; Path=/; HttpOnly; Secure; SameSite=Lax'

function logout(deps: FakeDeps, method: string, headers: Record<string, string>) {
  return createApp(deps).request('/logout', { method, headers })
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
  }
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

test('without Redis the browser is signed out all the same', async () => {
  const deps = fakeDeps()
  const end = () => Promise.reject(new Failure('session_store_unavailable'))
  const response = await logout(
    { ...deps, sessions: { ...deps.sessions, end } },
    'POST',
    gateHeaders('2'),
  )
  assertSignedOut(response)
  assert.equal(response.headers.get('X-Gate-Revoke'), SESSION)
})

test('who is not signed in is left without a cookie', async () => {
  const deps = fakeDeps()
  const response = await logout(deps, 'GET', gateHeaders())
  assertSignedOut(response)
  assert.equal(response.headers.get('X-Gate-Revoke'), null)
  assert.deepEqual(deps.ended, [])
})
