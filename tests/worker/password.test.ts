/** Changing a password, and passwords that an administrator gives. */

import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import type { MadeUser, ResetPassword, SignedIn, UserView } from '#contract/api.ts'
import type { Problem } from '#contract/problem.ts'
import { userKey } from '#contract/redis-keys.ts'
import type { Plan } from '../../scripts/stack/plan.ts'
import { type Account, makeAccount, signedIn } from '../support/accounts.ts'
import { changeUser } from '../support/admin.ts'
import { type Answer, Client } from '../support/client.ts'
import { assertProblem } from '../support/problem.ts'
import { withRedis } from '../support/redis.ts'
import { bearing, sessionOf } from '../support/session.ts'
import { sqlRows, sqlRun } from '../support/sql.ts'
import { useStack } from '../support/test-stack.ts'

const { stackTest } = useStack()

const NEW = 'correct horse battery'

function change(client: Client, current: string, wanted = NEW): Promise<Answer> {
  const body = { current_password: current, new_password: wanted }
  return client.send('/api/me/password', { body })
}

/** Signs in from another place, and makes sure that the gate remembers the session. */
async function another(plan: Plan, { username, password }: Account): Promise<Client> {
  const client = new Client(plan)
  assert.equal((await client.signIn(username, password)).status, 200)
  assert.equal((await client.send('/api/me')).status, 200)
  return client
}

async function signInStatus(plan: Plan, username: string, password: string): Promise<number> {
  return (await new Client(plan).signIn(username, password)).status
}

function bearer(plan: Plan, token: string): Promise<Answer> {
  return new Client(plan).send('/v1/models', { headers: { Authorization: `Bearer ${token}` } })
}

async function newToken(client: Client): Promise<string> {
  const made = await client.send('/api/tokens', { body: { name: 'test' } })
  assert.equal(made.status, 201, made.text)
  return made.json<{ token: string }>().token
}

stackTest('a change is at once for every session, and this browser goes on', async ({ plan }) => {
  const { client, account } = await signedIn(plan)
  const others = await Promise.all([another(plan, account), another(plan, account)])
  // A copy of this very cookie, as a thief would have it.
  const thief = bearing(plan, sessionOf(plan, client).value)
  assert.equal((await thief.send('/api/me')).status, 200)
  const answer = await change(client, account.password)
  assert.equal(answer.status, 204, answer.text)
  assert.equal(answer.headers['x-gate-revoke'], undefined)
  assert.equal((await client.send('/api/me')).status, 200)
  for (const other of [...others, thief]) {
    assertProblem(await other.send('/api/me'), 401, 'unauthenticated')
  }
  const sessions = await client.send('/api/me/sessions')
  assert.equal(sessions.json<{ sessions: unknown[] }>().sessions.length, 1)
  assert.equal(await signInStatus(plan, account.username, account.password), 401)
  assert.equal(await signInStatus(plan, account.username, NEW), 200)
  const [row] = await sqlRows(plan, 'SELECT password_hash FROM users WHERE id = ?', [account.id])
  assert.match(String(row?.['password_hash']), /^\$argon2id\$v=19\$m=19456,t=2,p=1\$/)
})

stackTest('of two changes at the same moment exactly one is made', async ({ plan }) => {
  const account = await makeAccount(plan)
  const clients = await Promise.all([1, 2, 3, 4].map(() => another(plan, account)))
  const wanted = clients.map((_, n) => `${NEW} ${n}`)
  const answers = await Promise.all(
    clients.map((client, n) => change(client, account.password, wanted[n])),
  )
  // Who comes later is out already, or finds another password than its own current one.
  const statuses = answers.map(({ status }) => status)
  for (const status of statuses) assert.ok([204, 400, 401].includes(status), String(statuses))
  const winners = statuses.flatMap((status, n) => (status === 204 ? [n] : []))
  assert.equal(winners.length, 1, String(statuses))
  for (const [n, client] of clients.entries()) {
    const isWinner = n === winners[0]
    assert.equal((await client.send('/api/me')).status, isWinner ? 200 : 401)
    const status = await signInStatus(plan, account.username, wanted[n] ?? '')
    assert.equal(status, isWinner ? 200 : 401)
  }
})

stackTest('bad passwords are refused with a reason, and cost no session', async ({ plan }) => {
  const { client, account } = await signedIn(plan)
  const table: readonly (readonly [current: string, wanted: string, field: string])[] = [
    ['wrong', NEW, 'current_password'],
    [account.password, 'short', 'new_password'],
    [account.password, 'x'.repeat(257), 'new_password'],
    [account.password, 'Password123', 'new_password'],
    [account.password, account.username.toUpperCase(), 'new_password'],
    [account.password, account.password, 'new_password'],
  ]
  for (const [current, wanted, field] of table) {
    const answer = await change(client, current, wanted)
    const { errors }: Problem = assertProblem(answer, 400, 'invalid_request')
    assert.equal(errors?.[0]?.field, field)
    assert.match(errors?.[0]?.message ?? '', /\S/)
  }
  assert.equal((await client.send('/api/me')).status, 200)
  assert.equal(await signInStatus(plan, account.username, account.password), 200)
})

stackTest('guessing the current password is as slow as guessing at the door', async ({ plan }) => {
  const { client, account } = await signedIn(plan)
  // Whoever holds this session gains no guesses by trying it at both.
  for (let n = 0; n < 11; n += 1) {
    if (n % 2 === 0) assertProblem(await change(client, `wrong ${n}`), 400, 'invalid_request')
    else assert.equal((await client.signIn(account.username, `wrong ${n}`)).status, 401)
  }
  const refused = await change(client, account.password)
  assert.equal(assertProblem(refused, 429, 'rate_limited').retryAfter, 1)
  // The owner elsewhere is not held up.
  assert.equal(await signInStatus(plan, account.username, account.password), 200)
})

stackTest('an account made by an admin serves to change its password first', async ({ plan }) => {
  const admin = await signedIn(plan, 'admin')
  const username = `test-${randomBytes(6).toString('hex')}`
  const made = await admin.client.send('/admin/api/users', { body: { username, role: 'user' } })
  assert.equal(made.status, 201, made.text)
  const { user, password } = made.json<MadeUser>()
  assert.equal(user.must_change, true)
  const again = { username: username.toUpperCase(), role: 'user' }
  const taken = await admin.client.send('/admin/api/users', { body: again })
  assertProblem(taken, 409, 'username_taken')

  const client = new Client(plan)
  const answer = await client.signIn(username, password ?? '')
  assert.equal(answer.json<SignedIn>().must_change, true)
  for (const [method, path] of [
    ['GET', '/api/me'],
    ['POST', '/api/chat'],
    ['GET', '/api/me/sessions'],
    ['GET', '/api/usage/summary'],
    ['POST', '/api/tokens'],
  ] as const) {
    const body = method === 'POST' ? { message: 'standin: tokens=1', name: 'x' } : undefined
    const refused = await client.send(path, { method, body })
    assertProblem(refused, 403, 'password_change_required')
  }
  assert.equal((await change(client, password ?? '')).status, 204)
  assert.equal((await client.send('/api/me')).status, 200)
  const chat = { message: 'standin: tokens=1 delay=0', stream: false }
  assert.equal((await client.send('/api/chat', { body: chat })).status, 200)
  const later = await new Client(plan).signIn(username, NEW)
  assert.equal(later.json<SignedIn>().must_change, false)
})

stackTest(
  'who may not go on may go out, and in by a form comes to the reason',
  async ({ plan }) => {
    const [admin, account] = await Promise.all([signedIn(plan, 'admin'), makeAccount(plan)])
    const password = await reset(admin.client, account)
    const client = new Client(plan)
    const headers = { 'Content-Type': 'application/x-www-form-urlencoded' }
    const body = new URLSearchParams({ username: account.username, password }).toString()
    const form = await client.send('/login', { headers, body })
    assert.deepEqual([form.status, form.headers['location']], [303, '/login#must-change'])
    assertProblem(await client.send('/api/me'), 403, 'password_change_required')
    assert.equal((await client.send('/logout', { method: 'POST' })).status, 303)
    assertProblem(await client.send('/api/me'), 401, 'unauthenticated')
  },
)

async function reset(admin: Client, { id }: Account): Promise<string> {
  const answer = await admin.send(`/admin/api/users/${id}/reset-password`, { method: 'POST' })
  assert.equal(answer.status, 200, answer.text)
  return answer.json<ResetPassword>().password
}

stackTest('a reset is at once for people and programs of the account', async ({ plan }) => {
  const [admin, { client, account }] = await Promise.all([signedIn(plan, 'admin'), signedIn(plan)])
  const token = await newToken(client)
  assert.equal((await bearer(plan, token)).status, 200)
  const password = await reset(admin.client, account)
  assertProblem(await client.send('/api/me'), 401, 'unauthenticated')
  assert.equal(await signInStatus(plan, account.username, account.password), 401)
  const refused = await bearer(plan, token)
  assert.equal(refused.status, 403)
  const { error } = refused.json<{ error: { code: string } }>()
  assert.equal(error.code, 'password_change_required')
  // A change brings the programs back.
  await client.signIn(account.username, password)
  assert.equal((await change(client, password)).status, 204)
  assert.equal((await bearer(plan, token)).status, 200)
})

stackTest('whether it has to be changed is known without Redis having it', async ({ plan }) => {
  const account = await makeAccount(plan)
  await sqlRun(plan, 'UPDATE users SET must_change = 1 WHERE id = ?', [account.id])
  const client = new Client(plan)
  await client.signIn(account.username, account.password)
  // As copies are that an older version wrote.
  await withRedis(plan, (redis) => redis.hdel(userKey(account.id), 'must_change'))
  assertProblem(await client.send('/api/me'), 403, 'password_change_required')
  await sqlRun(plan, 'UPDATE users SET must_change = 0 WHERE id = ?', [account.id])
  assert.equal((await client.send('/api/me')).status, 200)
})

stackTest('a role is given and taken away at once', async ({ plan }) => {
  const [admin, { client, account }] = await Promise.all([signedIn(plan, 'admin'), signedIn(plan)])
  const set = (role: string) => changeUser(admin.client, account.id, { role })
  assertProblem(await client.send('/admin/api/keys'), 403, 'admin_only')
  const up = await set('admin')
  assert.equal(up.json<UserView>().role, 'admin')
  const fresh = await another(plan, account)
  assert.equal((await fresh.send('/admin/api/keys')).status, 200)
  assert.equal((await set('user')).json<UserView>().role, 'user')
  assertProblem(await fresh.send('/admin/api/keys'), 401, 'unauthenticated')
  await fresh.signIn(account.username, account.password)
  assertProblem(await fresh.send('/admin/api/keys'), 403, 'admin_only')
  assert.equal((await fresh.send('/api/me')).json<UserView>().role, 'user')
})
