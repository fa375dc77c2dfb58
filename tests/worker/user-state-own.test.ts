/** The last administrator, on an installation that has no others. */

import assert from 'node:assert/strict'
import type { Me } from '#contract/api.ts'
import { DEFAULT_PASSWORD } from '../../worker/src/env.ts'
import { makeAccount } from '../support/accounts.ts'
import { changeUser, shownUser } from '../support/admin.ts'
import { Client } from '../support/client.ts'
import { ROOMY } from '../support/own-stack.ts'
import { assertProblem } from '../support/problem.ts'
import { sqlRows, sqlRun } from '../support/sql.ts'
import { useStack } from '../support/test-stack.ts'

const { stackTest } = useStack({ ...ROOMY, GATE_LIMIT_API: '"api";q=1000;w=60' })

const SEED = 'guopengfei_learning'
const ENABLED = "SELECT id FROM users WHERE role = 'admin' AND state = 'enabled'"

async function admin(plan: Parameters<typeof makeAccount>[0], username: string, password: string) {
  const client = new Client(plan)
  assert.equal((await client.signIn(username, password)).status, 200)
  const { id } = (await client.send('/api/me')).json<{ id: string }>()
  return { client, id }
}

type Admin = Awaited<ReturnType<typeof admin>>

/** Sends each change in the same moment, made of what is there before. */
async function atOnce(...changes: readonly (readonly [by: Admin, of: Admin, change: object])[]) {
  const made = await Promise.all(
    changes.map(async ([by, of, change]) => {
      const { version } = await shownUser(by.client, of.id)
      return { by, of, body: { version, ...change } }
    }),
  )
  const path = (of: Admin) => `/admin/api/users/${of.id}`
  return Promise.all(
    made.map(({ by, of, body }) => by.client.send(path(of), { method: 'PATCH', body })),
  )
}

const OFF = { state: 'disabled' }
const DOWN = { role: 'user' }

stackTest('the last administrator cannot be disabled', async ({ plan }) => {
  const { id, client } = await admin(plan, SEED, DEFAULT_PASSWORD)
  const refused = await changeUser(client, id, OFF)
  assertProblem(refused, 409, 'last_admin')
  assert.equal((await client.send('/api/me')).status, 200)
  // A disabled one is no help.
  const other = await makeAccount(plan, 'admin')
  await sqlRun(plan, "UPDATE users SET state = 'disabled' WHERE id = ?", [other.id])
  assertProblem(await changeUser(client, id, OFF), 409, 'last_admin')
})

stackTest('two administrators who disable each other do not both succeed', async ({ plan }) => {
  for (let round = 0; round < 10; round += 1) {
    const [seed] = await sqlRows(plan, 'SELECT id FROM users WHERE username = ?', [SEED])
    await sqlRun(plan, "UPDATE users SET state = 'disabled' WHERE id <> ?", [Number(seed?.['id'])])
    await sqlRun(plan, "UPDATE users SET state = 'enabled' WHERE id = ?", [Number(seed?.['id'])])
    const account = await makeAccount(plan, 'admin')
    const one = await admin(plan, SEED, DEFAULT_PASSWORD)
    const other = await admin(plan, account.username, account.password)
    const answers = await atOnce([one, other, OFF], [other, one, OFF])
    const statuses = answers.map(({ status }) => status).toSorted()
    assert.equal(statuses[0], 200, JSON.stringify(statuses))
    // The other is told so, or is disabled before the gate lets the request through.
    assert.ok([401, 409].includes(statuses[1] ?? 0), JSON.stringify(statuses))
    assert.equal((await sqlRows(plan, ENABLED)).length, 1)
  }
})

stackTest('two administrators who demote each other do not both succeed', async ({ plan }) => {
  const [seed] = await sqlRows(plan, 'SELECT id FROM users WHERE username = ?', [SEED])
  await sqlRun(plan, "UPDATE users SET state = 'disabled' WHERE id <> ?", [Number(seed?.['id'])])
  await sqlRun(plan, "UPDATE users SET state = 'enabled', role = 'admin' WHERE id = ?", [
    Number(seed?.['id']),
  ])
  const one = await admin(plan, SEED, DEFAULT_PASSWORD)
  assertProblem(await changeUser(one.client, one.id, DOWN), 409, 'last_admin')
  for (let round = 0; round < 5; round += 1) {
    const account = await makeAccount(plan, 'admin')
    const [left, right] = [
      await admin(plan, SEED, DEFAULT_PASSWORD),
      await admin(plan, account.username, account.password),
    ]
    const answers = await atOnce([left, right, DOWN], [right, left, DOWN])
    const statuses = answers.map(({ status }) => status).toSorted()
    assert.equal(statuses[0], 200, JSON.stringify(statuses))
    assert.ok([401, 403, 409].includes(statuses[1] ?? 0), JSON.stringify(statuses))
    assert.equal((await sqlRows(plan, ENABLED)).length, 1)
    await sqlRun(plan, "UPDATE users SET role = IF(id = ?, 'admin', 'user')", [Number(left.id)])
  }
})

stackTest('the nag about the default password ends with the password', async ({ plan }) => {
  const { client } = await admin(plan, SEED, DEFAULT_PASSWORD)
  const notices = async () => (await client.send('/api/me')).json<Me>().notices
  assert.ok((await notices()).includes('default_admin_password'))
  const change = { current_password: DEFAULT_PASSWORD, new_password: 'nobody has read this one' }
  assert.equal((await client.send('/api/me/password', { body: change })).status, 204)
  assert.deepEqual((await notices()).toSorted(), ['default_mysql_password', 'standin_upstream'])
})
