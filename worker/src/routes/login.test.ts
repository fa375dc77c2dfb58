import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseSessionCookie } from '#contract/session.ts'
import { createApp } from '../app.ts'
import { sessionFor } from '../domain/session-token.ts'
import { Failure } from '../failure.ts'
import { account } from '../fake-accounts.ts'
import { type FakeDeps, fakeDeps, gateHeaders, jsonOf, NOW, SESSION_SECRET } from '../fake-deps.ts'

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
  assert.deepEqual(await response.json(), {
    user: { id: '2', username: 'anna', role: 'user' },
    must_change: false,
  })
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
      hash: sessionFor('2', cookie.token, SESSION_SECRET).hash,
      record: { created: seconds, last: seconds, epoch: '4', ip: '10.1.1.1', ua: 'u'.repeat(256) },
      user: deps.accounts.get('2'),
    },
  ])
  assert.deepEqual(deps.logins, [{ id: '2', at: new Date(NOW), ip: '10.1.1.1' }])
})

test('unknown user, wrong password and disabled account answer alike and cost one hash', async () => {
  const deps = fakeDeps()
  const disabled = { ...ANNA, username: 'dora' }
  const dora = { ...account('9', 'dora', 'user'), passwordHash: 'hash of ANNA' }
  deps.accounts.set('9', { ...dora, state: 'disabled' })
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

test('a password that somebody gave is told of, and a form leads to where it says so', async () => {
  const deps = fakeDeps()
  const anna = await deps.users.findById('2')
  assert.ok(anna)
  deps.accounts.set('2', { ...anna, mustChange: 1 })
  const response = await post(deps, ANNA)
  assert.equal((await jsonOf<{ must_change: boolean }>(response)).must_change, true)
  const form = await postForm(deps, { ...ANNA, next: '/dashboard' })
  assert.deepEqual([form.status, form.headers.get('Location')], [303, '/login#must-change'])
  assert.match(form.headers.get('Set-Cookie') ?? '', /^__Host-sid=2\./)
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
  assert.equal(deps.accounts.get('2')?.passwordHash, 'hash of ANNA')
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

const WRONG = { ...ANNA, password: 'x' }

/** Fails as often as costs nothing, and once more. */
async function exhaust(deps: FakeDeps, body = WRONG, headers: Record<string, string> = {}) {
  for (let n = 0; n < 11; n += 1) assert.equal((await post(deps, body, headers)).status, 401)
}

test('guessing at one account is slowed down, wherever it comes from', async () => {
  const deps = fakeDeps()
  await exhaust(deps)
  deps.verified.length = 0
  for (const [body, ip] of [
    [WRONG, '10.1.1.1'],
    [ANNA, '10.1.1.2'],
    [{ ...ANNA, username: 'ANNA' }, '10.1.1.3'],
  ] as const) {
    const response = await post(deps, body, { 'X-Real-IP': ip })
    assert.equal(response.status, 429)
    assert.equal(response.headers.get('Retry-After'), '1')
    assert.equal(response.headers.get('Set-Cookie'), null)
    const { code, retryAfter } = await jsonOf<{ code: string; retryAfter: number }>(response)
    assert.deepEqual([code, retryAfter], ['rate_limited', 1])
  }
  assert.equal(deps.verified.length, 0)
  assert.equal((await post(deps, { username: 'root', password: 'ROOT' })).status, 200)
})

test('a name that nobody has is treated alike', async () => {
  const deps = fakeDeps()
  const [known, unknown] = [WRONG, { ...WRONG, username: 'nobody' }]
  const id = { 'X-Request-Id': '0'.repeat(32) }
  const answers = []
  for (const body of [known, unknown]) {
    await exhaust(deps, body)
    const response = await post(deps, body, id)
    answers.push([response.status, [...response.headers], await response.text()])
  }
  assert.equal(answers[0]?.[0], 429)
  assert.deepEqual(answers[1], answers[0])
})

test('guesses at the same moment are counted one by one', async () => {
  const deps = fakeDeps()
  const answers = await Promise.all(Array.from({ length: 50 }, () => post(deps, WRONG)))
  assert.equal(answers.filter(({ status }) => status === 401).length, 11)
  assert.equal(deps.verified.length, 11)
})

test('the owner gets in meanwhile from a browser that was signed in, and from home', async () => {
  const deps = fakeDeps()
  await exhaust(deps, WRONG, { 'X-Real-IP': '192.0.2.1' })
  const away = { 'X-Real-IP': '10.0.0.9' }
  assert.equal((await post(deps, ANNA, away)).status, 429)
  assert.equal((await post(deps, ANNA, { ...away, ...gateHeaders('2') })).status, 200)
  // A session of somebody else proves nothing about this account.
  assert.equal((await post(deps, ANNA, { ...away, ...gateHeaders('1') })).status, 429)
  const anna = await deps.users.findById('2')
  assert.ok(anna)
  deps.accounts.set('2', { ...anna, lastLoginIp: '10.0.0.7' })
  assert.equal((await post(deps, ANNA, { 'X-Real-IP': '10.0.0.7' })).status, 200)
  // Strangers are still slowed down after that.
  assert.equal((await post(deps, WRONG, { 'X-Real-IP': '192.0.2.1' })).status, 429)
})

test('a known browser has as many guesses as a stranger, and no more', async () => {
  const deps = fakeDeps()
  await exhaust(deps, WRONG, gateHeaders('2'))
  assert.equal((await post(deps, ANNA, gateHeaders('2'))).status, 429)
  assert.equal((await post(deps, ANNA)).status, 200)
})

test('the right password forgets the failures before it', async () => {
  const deps = fakeDeps()
  for (let round = 0; round < 3; round += 1) {
    for (let n = 0; n < 10; n += 1) assert.equal((await post(deps, WRONG)).status, 401)
    assert.equal((await post(deps, ANNA)).status, 200)
  }
})

test('an attempt that could not be judged does not count', async () => {
  const deps = fakeDeps()
  const verify = () => Promise.reject(new Failure('worker_unavailable'))
  const busy = { ...deps, argon: { ...deps.argon, verify } }
  for (let n = 0; n < 20; n += 1) assert.equal((await post(busy, WRONG)).status, 503)
  await exhaust(deps)
})
