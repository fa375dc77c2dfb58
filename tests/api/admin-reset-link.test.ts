/** Links by which people choose another password: for one use, for a day, one at a time. */

import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import type { ResetLink } from '#contract/admin.ts'
import type { Plan } from '../../scripts/stack/plan.ts'
import { ADMIN_ACCOUNT_OPERATIONS } from '../../worker/src/routes/admin-accounts.ts'
import { PASSWORD_RESET_OPERATIONS } from '../../worker/src/routes/password-reset.ts'
import { type Account, makeAccount, signedIn } from '../support/accounts.ts'
import { answered, changeUser, recordsOf } from '../support/admin.ts'
import { type Answer, Client } from '../support/client.ts'
import { assertProblem } from '../support/problem.ts'
import { sqlRows, sqlRun } from '../support/sql.ts'
import { useStack } from '../support/test-stack.ts'

const { stackTest } = useStack()

const NEW = 'nobody has read this one'

async function makeLink(
  admin: Client,
  { id }: Account,
): Promise<{ token: string; link: ResetLink }> {
  const answer = await admin.send(`/admin/api/users/${id}/reset-link`, { method: 'POST' })
  const link = answered<ResetLink>(ADMIN_ACCOUNT_OPERATIONS, 'makeResetLink', answer, 201)
  const [page, token = ''] = link.path.split('#')
  assert.equal(page, '/password-reset')
  assert.match(token, /^[\w-]{43}$/)
  return { token, link }
}

function use(plan: Plan, token: string, new_password = NEW, client = new Client(plan)) {
  return client.send('/api/password-reset', { body: { token, new_password } })
}

function isDone(answer: Answer): boolean {
  if (answer.status === 204) {
    answered(PASSWORD_RESET_OPERATIONS, 'useResetLink', answer, 204)
    return true
  }
  assertProblem(answer, 400, 'invalid_reset_link')
  return false
}

async function signsIn(plan: Plan, { username }: Account, password: string): Promise<boolean> {
  return (await new Client(plan).signIn(username, password)).status === 200
}

stackTest('a link gives its owner another password and ends all sessions', async ({ plan }) => {
  const { client: admin, account: actor } = await signedIn(plan, 'admin')
  const { client, account } = await signedIn(plan)
  await sqlRun(plan, 'UPDATE users SET must_change = TRUE WHERE id = ?', [account.id])
  const { token, link } = await makeLink(admin, account)
  const lifetime = Date.parse(link.expires_at) - Date.now()
  assert.ok(Math.abs(lifetime - 86_400_000) < 60_000, link.expires_at)
  const stored = await sqlRows(plan, 'SELECT * FROM password_resets WHERE user_id = ?', [
    account.id,
  ])
  assert.equal(stored[0]?.['hash'], createHash('sha256').update(token).digest('hex'))
  assert.ok(!JSON.stringify(stored).includes(token))
  assert.ok(await signsIn(plan, account, account.password), 'the password works until then')

  const answer = await use(plan, token)
  assert.ok(isDone(answer))
  assert.equal(answer.headers['x-gate-revoke'], undefined)
  assert.equal(answer.headers['set-cookie'], undefined)
  assertProblem(await client.send('/api/me'), 401, 'unauthenticated')
  assert.ok(!(await signsIn(plan, account, account.password)))
  const fresh = new Client(plan)
  const signIn = await fresh.signIn(account.username, NEW)
  assert.equal(signIn.json()['must_change'], false)
  assert.equal((await fresh.send('/api/me')).status, 200)

  const records = await recordsOf(admin, 'user', account.id)
  assert.deepEqual(
    records.map(({ action, actor_id, request_id }) => [action, actor_id, request_id]),
    [
      ['user.use_reset_link', account.id, answer.headers['x-request-id']],
      ['user.reset_link', actor.id, records[1]?.request_id],
    ],
  )
  const everything = JSON.stringify(await sqlRows(plan, 'SELECT * FROM audit_log'))
  for (const secret of [token, String(stored[0]?.['hash']), NEW, account.password]) {
    assert.ok(!everything.includes(secret))
  }
})

stackTest('used, expired, replaced and made up: one answer', async ({ plan }) => {
  const { client: admin } = await signedIn(plan, 'admin')
  const [one, two, three] = await Promise.all([1, 2, 3].map(() => makeAccount(plan)))
  assert.ok(one && two && three)
  const used = await makeLink(admin, one)
  assert.ok(isDone(await use(plan, used.token)))
  const expired = await makeLink(admin, two)
  const PAST = 'UTC_TIMESTAMP(3) - INTERVAL 1 SECOND'
  await sqlRun(plan, `UPDATE password_resets SET expires_at = ${PAST} WHERE user_id = ?`, [two.id])
  const replaced = await makeLink(admin, three)
  const good = await makeLink(admin, three)
  const bodies = new Set<string>()
  for (const token of [used, expired, replaced]
    .map((made) => made.token)
    .concat('x', 'y'.repeat(43))) {
    const answer = await use(plan, token)
    assert.equal(isDone(answer), false)
    bodies.add(JSON.stringify({ ...answer.json(), request_id: '' }))
  }
  assert.equal(bodies.size, 1)
  assert.ok(await signsIn(plan, two, two.password))
  assert.ok(isDone(await use(plan, good.token)))
})

stackTest('many at once use a link up once', async ({ plan }) => {
  const { client: admin } = await signedIn(plan, 'admin')
  const account = await makeAccount(plan)
  const { token } = await makeLink(admin, account)
  const passwords = Array.from({ length: 12 }, (_, n) => `${NEW} ${n}`)
  const done = await Promise.all(passwords.map(async (one) => isDone(await use(plan, token, one))))
  assert.equal(done.filter(Boolean).length, 1, String(done))
  const [row] = await sqlRows(plan, 'SELECT epoch, revision FROM users WHERE id = ?', [account.id])
  assert.deepEqual([row?.['epoch'], row?.['revision']], [2, 2])
  assert.ok(await signsIn(plan, account, passwords[done.indexOf(true)] ?? ''))
  const uses = (await recordsOf(admin, 'user', account.id)).map(({ action }) => action)
  assert.deepEqual(uses, ['user.use_reset_link', 'user.reset_link'])
})

stackTest('another password, however it came, makes a link worthless', async ({ plan }) => {
  const { client: admin } = await signedIn(plan, 'admin')
  const { client, account } = await signedIn(plan)
  const first = await makeLink(admin, account)
  const body = { current_password: account.password, new_password: `${NEW} own` }
  assert.equal((await client.send('/api/me/password', { body })).status, 204)
  assert.equal(isDone(await use(plan, first.token)), false)
  const second = await makeLink(admin, account)
  await admin.send(`/admin/api/users/${account.id}/reset-password`, { method: 'POST' })
  assert.equal(isDone(await use(plan, second.token)), false)
})

stackTest('a disabled account stays shut, and a bad password costs nothing', async ({ plan }) => {
  const { client: admin } = await signedIn(plan, 'admin')
  const account = await makeAccount(plan)
  const { token } = await makeLink(admin, account)
  await changeUser(admin, account.id, { state: 'disabled' })
  assert.equal(isDone(await use(plan, token)), false)
  await changeUser(admin, account.id, { state: 'enabled' })
  for (const bad of ['short', account.username, 'password123', 'x'.repeat(257)]) {
    const { errors } = assertProblem(await use(plan, token, bad), 400, 'invalid_request')
    assert.equal(errors?.[0]?.field, 'new_password')
  }
  assert.ok(isDone(await use(plan, token)))
})

stackTest('the way is open, but not to other sites, methods and bodies', async ({ plan }) => {
  const { client: admin } = await signedIn(plan, 'admin')
  const account = await makeAccount(plan)
  const { token } = await makeLink(admin, account)
  const client = new Client(plan)
  const body = { token, new_password: NEW }
  const headers = { 'Sec-Fetch-Site': 'cross-site' }
  assertProblem(await client.send('/api/password-reset', { headers, body }), 403, 'cross_site')
  assert.equal((await client.send('/api/password-reset')).status, 405)
  for (const wrong of [{}, { token }, { ...body, user: 1 }, { ...body, token: 5 }]) {
    const answer = await client.send('/api/password-reset', { body: wrong })
    assertProblem(answer, 400, 'invalid_request')
  }
  for (const unknown of ['0', '99999999', 'x']) {
    const path = `/admin/api/users/${unknown}/reset-link`
    assertProblem(await admin.send(path, { method: 'POST' }), 404, 'not_found')
  }
  // Somebody who is signed in, and has to change the password, may as well use a link.
  const { client: bound, account: owner } = await signedIn(plan)
  await sqlRun(plan, 'UPDATE users SET must_change = TRUE WHERE id = ?', [owner.id])
  assert.ok(isDone(await use(plan, (await makeLink(admin, owner)).token, NEW, bound)))
  assert.ok(isDone(await use(plan, token)))
})
