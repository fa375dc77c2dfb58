import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseSessionCookie } from '#contract/session.ts'
import { createApp } from '../app.ts'
import { sessionFor } from '../domain/session-token.ts'
import { Failure } from '../failure.ts'
import { type FakeDeps, fakeDeps, gateHeaders, NOW, SESSION_SECRET } from '../fake-deps.ts'

const ANNA = { username: 'anna', password: 'ANNA' }

function post(deps: FakeDeps, body: unknown, headers: Record<string, string> = {}) {
  return createApp(deps).request('/login', {
    method: 'POST',
    body: JSON.stringify(body),
    headers: { ...gateHeaders(), 'Content-Type': 'application/json', ...headers },
  })
}

function postForm(deps: FakeDeps, fields: Record<string, string>) {
  return createApp(deps).request('/login', {
    method: 'POST',
    body: new URLSearchParams(fields).toString(),
    headers: { ...gateHeaders(), 'Content-Type': 'application/x-www-form-urlencoded' },
  })
}

test('the right password gives a cookie whose token is the session that was stored', async () => {
  const deps = fakeDeps()
  const response = await post(deps, ANNA, {
    'X-Real-IP': '10.1.1.1',
    'User-Agent': 'u'.repeat(300),
  })
  assert.equal(response.status, 200)
  assert.deepEqual(await response.json(), { user: { id: '2', username: 'anna', role: 'user' } })
  const [header = ''] = response.headers.getSetCookie()
  const [pair = '', ...attributes] = header.split('; ')
  assert.deepEqual(attributes.sort(), [
    'HttpOnly',
    `Max-Age=${30 * 86_400}`,
    'Path=/',
    'SameSite=Lax',
    'Secure',
  ])
  const cookie = parseSessionCookie(pair.replace('__Host-sid=', ''))
  assert.ok(cookie)
  const seconds = String(NOW / 1000)
  assert.deepEqual(deps.started, [
    {
      uid: '2',
      hash: sessionFor('2', cookie.token, SESSION_SECRET).hash,
      record: { created: seconds, last: seconds, epoch: '4', ip: '10.1.1.1', ua: 'u'.repeat(256) },
      user: { epoch: '4', state: 'enabled', role: 'user', name: 'anna' },
      idleMs: 7 * 86_400_000,
    },
  ])
  assert.deepEqual(deps.logins, [{ id: '2', at: new Date(NOW), passwordHash: undefined }])
})

test('unknown user, wrong password and disabled account answer alike and cost one hash', async () => {
  const deps = fakeDeps()
  const disabled = { ...ANNA, username: 'dora' }
  deps.accounts.set('9', {
    id: '9',
    username: 'dora',
    passwordHash: 'hash of ANNA',
    role: 'user',
    state: 'disabled',
    epoch: 1,
  })
  const answers = []
  for (const body of [{ ...ANNA, username: 'nobody' }, { ...ANNA, password: 'x' }, disabled]) {
    deps.verified.length = 0
    const response = await post(deps, body, { 'X-Request-Id': '0'.repeat(32) })
    assert.equal(deps.verified.length, 1)
    answers.push([response.status, [...response.headers], await response.text()])
  }
  assert.deepEqual(answers[1], answers[0])
  assert.deepEqual(answers[2], answers[0])
  assert.equal(answers[0]?.[0], 401)
  assert.match(String(answers[0]?.[2]), /"code":"invalid_credentials"/)
  assert.deepEqual([deps.started, deps.logins], [[], []])
})

test('the session that came with the request is ended, here and at the gate', async () => {
  const deps = fakeDeps()
  const response = await post(deps, ANNA, gateHeaders('1', 'admin'))
  const old = `1:${'ab'.repeat(32)}`
  assert.deepEqual(deps.ended, [old])
  assert.equal(response.headers.get('X-Gate-Revoke'), old)
})

test('a hash of another cost is renewed with the password at hand', async () => {
  const deps = fakeDeps()
  const anna = await deps.users.findById('2')
  assert.ok(anna)
  deps.accounts.set('2', { ...anna, passwordHash: 'old hash of ANNA' })
  assert.equal((await post(deps, ANNA)).status, 200)
  assert.equal(deps.logins[0]?.passwordHash, 'hash of ANNA')
})

test('a sign-in that cannot be noted stands; one that cannot be stored is none', async () => {
  const deps = fakeDeps()
  const away = () => Promise.reject(new Failure('storage_unavailable', { retryAfter: 2 }))
  const unnoted = { ...deps, users: { ...deps.users, recordLogin: away } }
  assert.equal((await post(unnoted, ANNA)).status, 200)
  const noRedis = () => Promise.reject(new Failure('session_store_unavailable', { retryAfter: 2 }))
  const unstored = { ...deps, sessions: { ...deps.sessions, start: noRedis } }
  const response = await post(unstored, ANNA)
  assert.equal(response.status, 503)
  assert.equal(response.headers.get('Retry-After'), '2')
  assert.equal(response.headers.get('Set-Cookie'), null)
})

test('names and passwords have bounds', async () => {
  const long = { username: 'a'.repeat(65), password: 'b'.repeat(257) }
  assert.equal((await post(fakeDeps(), long)).status, 400)
  assert.equal((await post(fakeDeps(), { ...ANNA, next: '/chat' })).status, 400)
})

test('a form leads to the page that was wanted, on this host only', async () => {
  const to = async (next: string) => {
    const response = await postForm(fakeDeps(), { ...ANNA, next })
    assert.equal(response.status, 303)
    assert.match(response.headers.get('Set-Cookie') ?? '', /^__Host-sid=2\./)
    return response.headers.get('Location')
  }
  assert.equal(await to('/dashboard?range=7d'), '/dashboard?range=7d')
  assert.equal(await to(''), '/chat')
  assert.equal(await to('//evil.example'), '/chat')
  assert.equal(await to('/\\evil.example'), '/chat')
  assert.equal(await to('/\t/evil.example'), '/chat')
  assert.equal(await to('https://evil.example'), '/chat')
})

test('a form that fails leads back to the page that says so', async () => {
  for (const fields of [{ ...ANNA, password: 'x' }, { username: 'anna' }, {}]) {
    const response = await postForm(fakeDeps(), { next: '/dashboard', ...fields })
    assert.equal(response.status, 303)
    assert.equal(response.headers.get('Location'), '/login#failed')
    assert.equal(response.headers.get('Set-Cookie'), null)
  }
})
