/** Disabling and enabling accounts, and their own limits. */

import assert from 'node:assert/strict'
import type { Page, UserView } from '#contract/api.ts'
import { userKey } from '#contract/redis-keys.ts'
import type { Plan } from '../../scripts/stack/plan.ts'
import { createUserCopies } from '../../worker/src/stores/user-copies.ts'
import { type Account, makeAccount, signedIn } from '../support/accounts.ts'
import { changeUser } from '../support/admin.ts'
import { type Answer, Client } from '../support/client.ts'
import { assertProblem } from '../support/problem.ts'
import { withRedis } from '../support/redis.ts'
import { sqlRows } from '../support/sql.ts'
import { useStack } from '../support/test-stack.ts'
import { askAsGate } from './gate-request.ts'

const { stackTest } = useStack()

function change(admin: Client, { id }: Account, body: object): Promise<Answer> {
  return changeUser(admin, id, body)
}

/** Asserts that the copy in Redis says what MySQL says, and returns it. */
async function agreedState(plan: Plan, { id, username }: Account) {
  const [row] = await sqlRows(
    plan,
    'SELECT epoch, revision, state, role, limits, must_change FROM users WHERE id = ?',
    [id],
  )
  const copy = await withRedis(plan, (redis) => redis.hgetall(userKey(id)))
  const { epoch, revision, must_change, ...rest } = copy
  assert.deepEqual(
    {
      ...rest,
      epoch: Number(epoch),
      revision: Number(revision),
      must_change: Number(must_change),
    },
    { ...row, name: username },
  )
  const { must_change: _, ...state } = { ...row }
  return state
}

/** Returns the account as an admin sees it, from whichever page it is on. */
async function listed(admin: Client, { id }: Account): Promise<UserView | undefined> {
  let cursor: string | null = ''
  while (cursor !== null) {
    const query: string = cursor === '' ? '' : `&cursor=${cursor}`
    const answer = await admin.send(`/admin/api/users?limit=20${query}`)
    assert.equal(answer.status, 200, answer.text)
    const page = answer.json<Page<UserView>>()
    const found = page.items.find((user) => user.id === id)
    if (found !== undefined) return found
    cursor = page.next
  }
  return undefined
}

stackTest('an admin sees accounts with state, last sign-in and live sessions', async ({ plan }) => {
  const [admin, user, never] = await Promise.all([
    signedIn(plan, 'admin'),
    signedIn(plan),
    makeAccount(plan),
  ])
  const second = new Client(plan)
  await second.signIn(user.account.username, user.account.password)
  const view = await listed(admin.client, user.account)
  const { last_login_at: lastLogin, ...rest } = view ?? { last_login_at: null }
  assert.deepEqual(rest, {
    ...{ id: user.account.id, username: user.account.username, role: 'user', state: 'enabled' },
    ...{ limits: {}, must_change: false, active_sessions: 2, version: 1 },
  })
  assert.ok(Math.abs(Date.now() - Date.parse(String(lastLogin))) < 60_000, String(lastLogin))
  await second.send('/logout', { method: 'POST' })
  assert.equal((await listed(admin.client, user.account))?.active_sessions, 1)
  const unused = await listed(admin.client, never)
  assert.deepEqual([unused?.last_login_at, unused?.active_sessions], [null, 0])
})

stackTest('a disabled user is out at once and stays out until enabled', async ({ plan }) => {
  const [admin, { client, account }] = await Promise.all([signedIn(plan, 'admin'), signedIn(plan)])
  assert.equal((await client.send('/api/me')).status, 200)
  const answer = await change(admin.client, account, { state: 'disabled' })
  assert.equal(answer.status, 200, answer.text)
  assert.equal(answer.json<UserView>().active_sessions, 0)
  assert.equal(answer.headers['x-gate-revoke'], undefined)
  assertProblem(await client.send('/api/me'), 401, 'unauthenticated')
  assert.deepEqual(await agreedState(plan, account), {
    ...{ epoch: 2, revision: 2, state: 'disabled', role: 'user', limits: '' },
  })
  const fresh = new Client(plan)
  const refused = await fresh.signIn(account.username, account.password)
  assertProblem(refused, 401, 'invalid_credentials')

  // Again is no change; enabling brings no old session back.
  assert.equal((await change(admin.client, account, { state: 'disabled' })).status, 200)
  assert.equal((await change(admin.client, account, { state: 'enabled' })).status, 200)
  const state = { epoch: 2, revision: 3, state: 'enabled', role: 'user', limits: '' }
  assert.deepEqual(await agreedState(plan, account), state)
  assertProblem(await client.send('/api/me'), 401, 'unauthenticated')
  assert.equal((await fresh.signIn(account.username, account.password)).status, 200)
  assert.equal((await fresh.send('/api/me')).status, 200)
})

stackTest('own limits reach the copy that the gate reads, and stay there', async ({ plan }) => {
  const [admin, { client, account }] = await Promise.all([signedIn(plan, 'admin'), signedIn(plan)])
  const answer = await change(admin.client, account, { limits: { chat: 20, api: 2000 } })
  assert.deepEqual(answer.json<UserView>().limits, { chat: 20, api: 2000 })
  assert.equal((await agreedState(plan, account))['limits'], 'chat=20,api=2000')
  assert.equal((await client.send('/api/me')).status, 200, 'the session goes on')
  await withRedis(plan, (redis) => redis.del(userKey(account.id)))
  await client.signIn(account.username, account.password)
  assert.equal((await agreedState(plan, account))['limits'], 'chat=20,api=2000')
  await change(admin.client, account, { limits: {} })
  assert.equal((await agreedState(plan, account))['limits'], '')
})

stackTest('in whatever order states arrive, the newest one stays', async ({ plan }) => {
  const newest = { epoch: 3, revision: 2 }
  const states = [{ epoch: 1, revision: 9 }, { epoch: 3, revision: 1 }, newest]
  const orders = [
    [0, 1, 2],
    [2, 1, 0],
    [1, 2, 0],
    [2, 0, 1, 2],
  ]
  for (const order of orders) {
    const { id, username } = await makeAccount(plan)
    await withRedis(plan, async (redis) => {
      const copies = createUserCopies(redis)
      for (const at of order) {
        const { epoch, revision } = states[at] ?? newest
        const limits = `chat=${revision}`
        const rest = { role: 'user', state: 'enabled', limits, mustChange: 0 } as const
        await copies.write([{ id, username, epoch, revision, ...rest }])
      }
      const copy = await redis.hmget(userKey(id), 'epoch', 'revision', 'limits')
      assert.deepEqual(copy, ['3', '2', 'chat=2'], String(order))
    })
  }
})

stackTest('changes at the same moment leave Redis with what MySQL says', async ({ plan }) => {
  const [admin, { account }] = await Promise.all([signedIn(plan, 'admin'), signedIn(plan)])
  const states = ['enabled', 'disabled'] as const
  const done = await Promise.all(
    Array.from({ length: 24 }, (_, n) =>
      n % 3 === 2
        ? new Client(plan).signIn(account.username, account.password)
        : change(admin.client, account, { state: states[n % 2], limits: { chat: n + 1 } }),
    ),
  )
  const statuses = done.map(({ status }) => status)
  for (const status of statuses) assert.ok([200, 401, 409].includes(status), String(status))
  assert.ok(
    statuses.some((status, n) => n % 3 !== 2 && status === 200),
    String(statuses),
  )
  await agreedState(plan, account)
})

stackTest('who is no admin changes and sees nobody', async ({ plan }) => {
  const [{ client, account }, victim] = await Promise.all([signedIn(plan), makeAccount(plan)])
  for (const one of [account, victim]) {
    const sent = { method: 'PATCH', body: { version: 1, state: 'disabled' } }
    assertProblem(await client.send(`/admin/api/users/${one.id}`, sent), 403, 'admin_only')
  }
  assertProblem(await client.send('/admin/api/users'), 403, 'admin_only')
  assertProblem(await new Client(plan).send('/admin/api/users'), 401, 'unauthenticated')
  // The worker does not rely on the gate for it.
  const asked = {
    path: `/admin/api/users/${victim.id}`,
    method: 'PATCH',
    body: { version: 1, limits: {} },
  }
  const direct = await askAsGate(plan, { ...asked, identity: { uid: account.id } })
  assert.equal(direct.status, 403)
})
