/** Administrators see where somebody is signed in, and end that. */

import assert from 'node:assert/strict'
import type { SessionView } from '#contract/api.ts'
import { ADMIN_SESSION_OPERATIONS } from '../../worker/src/routes/admin-sessions.ts'
import { makeAccount, signedIn } from '../support/accounts.ts'
import { answered, recordsOf } from '../support/admin.ts'
import { Client } from '../support/client.ts'
import { assertProblem } from '../support/problem.ts'
import { sessionOf } from '../support/session.ts'
import { useStack } from '../support/test-stack.ts'

const { stackTest } = useStack()

stackTest('one session is ended at once, the others go on', async ({ plan }) => {
  const { client: admin } = await signedIn(plan, 'admin')
  const { client: first, account } = await signedIn(plan)
  const second = new Client(plan)
  await second.signIn(account.username, account.password)
  const path = `/admin/api/users/${account.id}/sessions`
  const sessions = async () => {
    const answer = await admin.send(path)
    const body = answered<{ sessions: SessionView[] }>(
      ...([ADMIN_SESSION_OPERATIONS, 'listUserSessions', answer, 200] as const),
    )
    return body.sessions
  }
  const before = await sessions()
  const { hash } = sessionOf(plan, first)
  assert.deepEqual(
    before.map(({ id }) => id).toSorted(),
    [hash, sessionOf(plan, second).hash].toSorted(),
  )
  assert.deepEqual(
    before.map(({ current, ip }) => [current, ip]),
    [
      [false, '127.0.0.1'],
      [false, '127.0.0.1'],
    ],
  )
  const end = () => admin.send(`${path}/${hash}`, { method: 'DELETE' })
  const ended = await end()
  answered(ADMIN_SESSION_OPERATIONS, 'endUserSession', ended, 204)
  assert.equal(ended.headers['x-gate-revoke'], undefined)
  assertProblem(await first.send('/api/me'), 401, 'unauthenticated')
  assert.equal((await second.send('/api/me')).status, 200)
  assert.equal((await sessions()).length, 1)
  assertProblem(await end(), 404, 'not_found')
  const [record, ...more] = await recordsOf(admin, 'user', account.id)
  assert.deepEqual(more, [])
  assert.deepEqual(
    [record?.action, record?.before, record?.after, record?.request_id],
    ['user.end_session', { session: hash }, null, ended.headers['x-request-id']],
  )
})

stackTest('signing somebody out ends all sessions, and no new one', async ({ plan }) => {
  const { client: admin } = await signedIn(plan, 'admin')
  const { client, account } = await signedIn(plan)
  assert.equal((await client.send('/api/me')).status, 200)
  const path = `/admin/api/users/${account.id}/sign-out`
  const answer = await admin.send(path, { method: 'POST' })
  answered(ADMIN_SESSION_OPERATIONS, 'signOutUser', answer, 204)
  assertProblem(await client.send('/api/me'), 401, 'unauthenticated')
  const again = await client.signIn(account.username, account.password)
  assert.equal(again.status, 200)
  assert.equal((await client.send('/api/me')).status, 200)
  const records = await recordsOf(admin, 'user', account.id)
  assert.deepEqual(
    records.map(({ action }) => action),
    ['user.sign_out'],
  )
})

stackTest('an administrator can sign out itself; nobody is not found', async ({ plan }) => {
  const { client: admin, account } = await signedIn(plan, 'admin')
  for (const unknown of ['0', '99999999', 'x']) {
    const path = `/admin/api/users/${unknown}`
    assertProblem(await admin.send(`${path}/sign-out`, { method: 'POST' }), 404, 'not_found')
    const session = `${path}/sessions/${'a'.repeat(64)}`
    assertProblem(await admin.send(session, { method: 'DELETE' }), 404, 'not_found')
  }
  const other = await makeAccount(plan)
  for (const session of ['x', 'a'.repeat(64), sessionOf(plan, admin).hash]) {
    const path = `/admin/api/users/${other.id}/sessions/${session}`
    assertProblem(await admin.send(path, { method: 'DELETE' }), 404, 'not_found')
  }
  assert.equal((await admin.send('/api/me')).status, 200)
  const own = `/admin/api/users/${account.id}/sign-out`
  assert.equal((await admin.send(own, { method: 'POST' })).status, 204)
  assertProblem(await admin.send('/api/me'), 401, 'unauthenticated')
})
