/** The last administrator, on an installation that has no others. */

import assert from 'node:assert/strict'
import { DEFAULT_PASSWORD } from '../../worker/src/env.ts'
import { makeAccount } from '../support/accounts.ts'
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
  const disable = (other: string) =>
    client.send(`/admin/api/users/${other}`, { method: 'PATCH', body: { state: 'disabled' } })
  return { client, id, disable }
}

stackTest('the last administrator cannot be disabled', async ({ plan }) => {
  const { id, client, disable } = await admin(plan, SEED, DEFAULT_PASSWORD)
  const refused = await disable(id)
  assertProblem(refused, 409, 'last_admin')
  assert.equal((await client.send('/api/me')).status, 200)
  // A disabled one is no help.
  const other = await makeAccount(plan, 'admin')
  await sqlRun(plan, "UPDATE users SET state = 'disabled' WHERE id = ?", [other.id])
  assertProblem(await disable(id), 409, 'last_admin')
})

stackTest('two administrators who disable each other do not both succeed', async ({ plan }) => {
  for (let round = 0; round < 10; round += 1) {
    const [seed] = await sqlRows(plan, 'SELECT id FROM users WHERE username = ?', [SEED])
    await sqlRun(plan, "UPDATE users SET state = 'disabled' WHERE id <> ?", [Number(seed?.['id'])])
    await sqlRun(plan, "UPDATE users SET state = 'enabled' WHERE id = ?", [Number(seed?.['id'])])
    const account = await makeAccount(plan, 'admin')
    const one = await admin(plan, SEED, DEFAULT_PASSWORD)
    const other = await admin(plan, account.username, account.password)
    const answers = await Promise.all([one.disable(other.id), other.disable(one.id)])
    const statuses = answers.map(({ status }) => status).toSorted()
    assert.equal(statuses[0], 200, JSON.stringify(statuses))
    // The other is told so, or is disabled before the gate lets the request through.
    assert.ok([401, 409].includes(statuses[1] ?? 0), JSON.stringify(statuses))
    assert.equal((await sqlRows(plan, ENABLED)).length, 1)
  }
})
