/** Accounts as administrators find, make and change them, and what is recorded of it. */

import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import type { MadeUser, Page, ResetPassword, UserView } from '#contract/api.ts'
import type { Problem } from '#contract/problem.ts'
import { ADMIN_ACCOUNT_OPERATIONS } from '../../worker/src/routes/admin-accounts.ts'
import { ADMIN_USER_OPERATIONS } from '../../worker/src/routes/admin-users.ts'
import { createDatabase } from '../../worker/src/stores/mysql.ts'
import { createUsers } from '../../worker/src/stores/users.ts'
import { makeAccount, signedIn } from '../support/accounts.ts'
import { answered, changeUser, recordsOf, shownUser } from '../support/admin.ts'
import { type Answer, Client } from '../support/client.ts'
import { assertProblem } from '../support/problem.ts'
import { sqlRows, sqlRun } from '../support/sql.ts'
import { useStack } from '../support/test-stack.ts'

const { stackTest } = useStack()

const USERS = '/admin/api/users'

async function listed(admin: Client, query: string): Promise<readonly string[]> {
  const answer = await admin.send(`${USERS}?${query}`)
  const { items } = answered<Page<UserView>>(ADMIN_USER_OPERATIONS, 'listUsers', answer, 200)
  return items.map(({ username }) => username)
}

function patch(admin: Client, id: string, body: object): Promise<Answer> {
  return admin.send(`${USERS}/${id}`, { method: 'PATCH', body })
}

stackTest('accounts are found by a part of the name, id, role and state', async ({ plan }) => {
  const { client: admin } = await signedIn(plan, 'admin')
  const mark = randomBytes(4).toString('hex')
  const names = [`a${mark}Müller`, `b.${mark}%x`, `c${mark}_x`, `d${mark}王芳`]
  for (const username of names) {
    const role = username.startsWith('b') ? 'admin' : 'user'
    // A name with a percent sign cannot be made through the API.
    await sqlRun(plan, "INSERT INTO users (username, password_hash, role) VALUES (?, 'x', ?)", [
      username,
      role,
    ])
  }
  await sqlRun(plan, "UPDATE users SET state = 'disabled' WHERE username = ?", [names[2] ?? ''])
  const find = (name: string) => listed(admin, `name=${encodeURIComponent(name)}`)
  assert.deepEqual(await find(mark), names)
  assert.deepEqual(await find(mark.toUpperCase()), names)
  assert.deepEqual(await find(`${mark}mü`), [names[0]])
  assert.deepEqual(await find(`${mark}mu`), [], 'accents make another name')
  assert.deepEqual(await find(`${mark}%`), [names[1]])
  assert.deepEqual(await find(`${mark}_`), [names[2]])
  assert.deepEqual(await find(`${mark}王`), [names[3]])
  assert.deepEqual(await listed(admin, `name=${mark}&role=admin`), [names[1]])
  assert.deepEqual(await listed(admin, `name=${mark}&state=disabled`), [names[2]])
  const [row] = await sqlRows(plan, 'SELECT id FROM users WHERE username = ?', [names[0] ?? ''])
  assert.deepEqual(await listed(admin, `id=${row?.['id']}`), [names[0]])
  assert.deepEqual(await listed(admin, `id=${row?.['id']}&role=admin`), [])
  const first = (await admin.send(`${USERS}?name=${mark}&limit=3`)).json<Page<UserView>>()
  assert.deepEqual(await listed(admin, `name=${mark}&limit=3&cursor=${first.next}`), [names[3]])
  for (const wrong of ['id=x', 'role=root', 'state=gone', 'name=', 'page=1']) {
    assertProblem(await admin.send(`${USERS}?${wrong}`), 400, 'invalid_request')
  }
})

stackTest('a search by name reads the index of names alone', async ({ plan }) => {
  const db = createDatabase(plan.worker.mysql)
  try {
    const explained = createUsers({
      ...db,
      query: (sql, params) => db.query(`EXPLAIN FORMAT=TREE ${sql}`, params),
    })
    const ways = async (query: object) =>
      JSON.stringify(await explained.list({ afterId: '0', limit: 51, ...query }))
    assert.match(await ways({ name: 'ab' }), /Covering index scan on n using users_username/)
  } finally {
    await db.close()
  }
})

stackTest('an account is made, read and recorded, its password in no record', async ({ plan }) => {
  const { client: admin, account } = await signedIn(plan, 'admin')
  const username = `test-${randomBytes(6).toString('hex')}`
  const answer = await admin.send(USERS, { body: { username, role: 'user' } })
  const made = answered<MadeUser>(ADMIN_ACCOUNT_OPERATIONS, 'makeUser', answer, 201)
  const { id } = made.user
  const shown = await admin.send(`${USERS}/${id}`)
  assert.deepEqual(answered(ADMIN_USER_OPERATIONS, 'readUser', shown, 200), made.user)
  const [record, ...more] = await recordsOf(admin, 'user', id)
  assert.deepEqual(more, [])
  assert.ok(record)
  const { id: _, at, ...rest } = record
  assert.ok(Math.abs(Date.now() - Date.parse(at)) < 60_000, at)
  assert.deepEqual(rest, {
    ...{ actor_id: account.id, actor: account.username, ip: '127.0.0.1' },
    ...{ request_id: answer.headers['x-request-id'], action: 'user.create' },
    ...{ target_kind: 'user', target_id: id, before: null },
    after: { username, role: 'user', state: 'enabled', must_change: true },
  })
  assertProblem(
    await admin.send(USERS, { body: { username, role: 'user' } }),
    409,
    'username_taken',
  )
  assert.equal((await recordsOf(admin, 'user', id)).length, 1)

  const given = await admin.send(`${USERS}/${id}/reset-password`, { method: 'POST' })
  const reset = answered<ResetPassword>(ADMIN_ACCOUNT_OPERATIONS, 'resetPassword', given, 200)
  const client = new Client(plan)
  assert.equal((await client.signIn(username, reset.password)).status, 200)
  const [newest] = await recordsOf(admin, 'user', id)
  assert.equal(newest?.action, 'user.reset_password')
  for (const secret of [made.password, reset.password]) {
    const rows = await sqlRows(plan, 'SELECT * FROM audit_log')
    assert.ok(secret !== null && !JSON.stringify(rows).includes(secret))
  }
})

stackTest('a change is recorded with before and after, and only if it is one', async ({ plan }) => {
  const [{ client: admin }, account] = await Promise.all([
    signedIn(plan, 'admin'),
    makeAccount(plan),
  ])
  const { id, username } = account
  const changed = await changeUser(admin, id, { limits: { chat: 7 }, role: 'admin' })
  const view = answered<UserView>(ADMIN_USER_OPERATIONS, 'changeUser', changed, 200)
  assert.deepEqual([view.version, view.role, view.limits], [2, 'admin', { chat: 7 }])
  const same = await changeUser(admin, id, { role: 'admin' })
  assert.equal(same.json<UserView>().version, 2)
  const state = { username, state: 'enabled', must_change: false }
  const records = await recordsOf(admin, 'user', id)
  assert.deepEqual(
    records.map(({ action, before, after }) => ({ action, before, after })),
    [
      {
        action: 'user.change',
        before: { ...state, role: 'user', limits: '' },
        after: { ...state, role: 'admin', limits: 'chat=7' },
      },
    ],
  )
})

stackTest('of changes made of the same state one wins, and the others see it', async ({ plan }) => {
  const [{ client: admin }, { id }] = await Promise.all([
    signedIn(plan, 'admin'),
    makeAccount(plan),
  ])
  const { version } = await shownUser(admin, id)
  const answers = await Promise.all(
    Array.from({ length: 12 }, (_, n) => patch(admin, id, { version, limits: { chat: n + 1 } })),
  )
  const [won, ...more] = answers.filter(({ status }) => status === 200)
  assert.ok(won)
  assert.deepEqual(more, [])
  const now = await shownUser(admin, id)
  assert.deepEqual(won.json<UserView>(), now)
  for (const answer of answers.filter((one) => one !== won)) {
    const { current } = assertProblem(answer, 409, 'conflict') satisfies Problem
    assert.deepEqual(current, now)
  }
  assert.equal((await recordsOf(admin, 'user', id)).length, 1)
  assert.equal((await patch(admin, id, { version: now.version, limits: {} })).status, 200)
})

stackTest('what is refused leaves no record and changes nothing', async ({ plan }) => {
  const [{ client: admin }, { id }] = await Promise.all([
    signedIn(plan, 'admin'),
    makeAccount(plan),
  ])
  const before = await shownUser(admin, id)
  for (const body of [
    { state: 'disabled' },
    { version: 1 },
    { version: 1.5, state: 'disabled' },
    { version: 1, state: 'gone' },
    { version: 1, limits: { chat: -1 } },
    { version: 1, username: 'other' },
  ]) {
    assertProblem(await patch(admin, id, body), 400, 'invalid_request')
  }
  for (const unknown of ['0', '99999999', 'abc', `${id}x`]) {
    assertProblem(await patch(admin, unknown, { version: 1, role: 'admin' }), 404, 'not_found')
    assertProblem(await admin.send(`${USERS}/${unknown}`), 404, 'not_found')
  }
  assert.deepEqual(await shownUser(admin, id), before)
  assert.deepEqual(await recordsOf(admin, 'user', id), [])
})
