import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Problem } from '#contract/problem.ts'
import { createApp } from '../app.ts'
import type { Deps } from '../deps.ts'
import { Failure } from '../failure.ts'
import { account } from '../fake-accounts.ts'
import { fakeDeps, gateHeaders, jsonOf } from '../fake-deps.ts'

const NEW = 'a better password'
const BODY = { current_password: 'ANNA', new_password: NEW }

function change(deps: Deps, body: unknown = BODY, headers = gateHeaders('2')) {
  return createApp(deps).request('/api/me/password', {
    method: 'POST',
    headers: { ...headers, 'Content-Type': 'application/json' },
    body: JSON.stringify(body),
  })
}

async function wrongFields(response: Response) {
  assert.equal(response.status, 400)
  const { errors = [] } = await jsonOf<Problem>(response)
  return errors.map(({ field }) => field)
}

test('a change is stored, ends every session and gives this browser a new one', async () => {
  const deps = fakeDeps()
  const response = await change(deps)
  assert.equal(response.status, 204)
  const { passwordHash, epoch } = deps.accounts.get('2') ?? {}
  assert.deepEqual([passwordHash, epoch], [`hash of ${NEW}`, 5])
  assert.equal(response.headers.get('X-Gate-Revoke'), '2:5')
  assert.match(response.headers.get('Set-Cookie') ?? '', /^__Host-sid=2\./)
  const [session] = deps.started
  assert.equal(session?.record.epoch, '5')
  assert.notEqual(session?.hash, 'ab'.repeat(32))
  assert.equal(session?.user.epoch, 5)
})

test('what a new password may not be is told before anything is judged', async () => {
  const deps = fakeDeps()
  const table = ['short', 'x'.repeat(257), 'PassWord1', 'ANNA', 'abcdefgh', '']
  for (const password of table) {
    const body = { ...BODY, new_password: password }
    assert.deepEqual(await wrongFields(await change(deps, body)), ['new_password'], password)
  }
  assert.deepEqual(await wrongFields(await change(deps, { new_password: NEW })), [
    'current_password',
  ])
  assert.deepEqual(deps.verified, [])
  assert.equal(deps.accounts.get('2')?.epoch, 4)
})

test('without the current password nothing is changed, and guessing is slowed down', async () => {
  const deps = fakeDeps()
  const wrong = { ...BODY, current_password: 'x' }
  for (let n = 0; n < 11; n += 1) {
    assert.deepEqual(await wrongFields(await change(deps, wrong)), ['current_password'])
  }
  deps.verified.length = 0
  for (const body of [wrong, BODY]) {
    const response = await change(deps, body)
    assert.equal(response.status, 429)
    assert.equal(response.headers.get('Retry-After'), '1')
  }
  assert.deepEqual([deps.verified, deps.accounts.get('2')?.epoch], [[], 4])
})

test('of what happens at the same moment, the one that was first holds', async () => {
  const deps = fakeDeps()
  const first = { ...deps.argon, hash: async (password: string) => `hash of ${password}` }
  const argon = {
    ...first,
    // While the new password is hashed, an administrator resets the old one.
    hash: async (password: string) => {
      await deps.userStates.setPassword('2', { passwordHash: 'hash of given', mustChange: 1 })
      return first.hash(password)
    },
  }
  const response = await change({ ...deps, argon })
  assert.equal(response.status, 401)
  assert.equal(deps.accounts.get('2')?.passwordHash, 'hash of given')
  assert.deepEqual(deps.started, [])
})

test('without Redis the password is changed, and this browser is signed out too', async () => {
  const deps = fakeDeps()
  const start = () => Promise.reject(new Failure('session_store_unavailable', { retryAfter: 2 }))
  const response = await change({ ...deps, sessions: { ...deps.sessions, start } })
  assert.equal(response.status, 204)
  assert.equal(deps.accounts.get('2')?.passwordHash, `hash of ${NEW}`)
  assert.equal(response.headers.get('X-Gate-Revoke'), '2:5')
  assert.match(response.headers.get('Set-Cookie') ?? '', /^__Host-sid=; Max-Age=0/)
})

test('without MySQL nothing is changed', async () => {
  const deps = fakeDeps()
  const setPassword = () => Promise.reject(new Failure('storage_unavailable', { retryAfter: 2 }))
  const response = await change({ ...deps, userStates: { ...deps.userStates, setPassword } })
  assert.equal(response.status, 503)
  for (const name of ['X-Gate-Revoke', 'Set-Cookie']) assert.equal(response.headers.get(name), null)
})

test('a disabled or removed account has no password to change', async () => {
  const deps = fakeDeps()
  const off = { ...account('2', 'anna', 'user'), state: 'disabled' } as const
  deps.accounts.set('2', off)
  assert.equal((await change(deps)).status, 401)
  assert.equal((await change(deps, BODY, gateHeaders('77'))).status, 401)
  assert.deepEqual(deps.verified, [])
})
