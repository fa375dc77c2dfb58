/** The record of changes: who may read it, how it is looked through, and that nothing slips past it. */

import assert from 'node:assert/strict'
import type { Page } from '#contract/api.ts'
import type { AuditView } from '#contract/audit.ts'
import { auditedFields } from '../../worker/src/domain/audit.ts'
import { ADMIN_ACCOUNT_OPERATIONS } from '../../worker/src/routes/admin-accounts.ts'
import { ADMIN_AUDIT_OPERATIONS } from '../../worker/src/routes/admin-audit.ts'
import { ADMIN_GENERATION_OPERATIONS } from '../../worker/src/routes/admin-generations.ts'
import { ADMIN_KEY_TEST_OPERATIONS } from '../../worker/src/routes/admin-key-tests.ts'
import { ADMIN_KEY_OPERATIONS } from '../../worker/src/routes/admin-keys.ts'
import { ADMIN_PRICE_OPERATIONS } from '../../worker/src/routes/admin-prices.ts'
import { ADMIN_SESSION_OPERATIONS } from '../../worker/src/routes/admin-sessions.ts'
import { ADMIN_USER_OPERATIONS } from '../../worker/src/routes/admin-users.ts'
import { createAudit, recordChange } from '../../worker/src/stores/audit.ts'
import { createDatabase } from '../../worker/src/stores/mysql.ts'
import { createUserStates } from '../../worker/src/stores/user-states.ts'
import { createUsers } from '../../worker/src/stores/users.ts'
import { makeAccount, signedIn } from '../support/accounts.ts'
import { answered, changeUser, recordsOf, shownUser } from '../support/admin.ts'
import { Client } from '../support/client.ts'
import { assertProblem } from '../support/problem.ts'
import { sqlRows } from '../support/sql.ts'
import { useStack } from '../support/test-stack.ts'
import { askAsGate } from '../worker/gate-request.ts'

const { stackTest } = useStack()

const OPERATIONS = [
  ...[ADMIN_USER_OPERATIONS, ADMIN_ACCOUNT_OPERATIONS, ADMIN_SESSION_OPERATIONS],
  ...[ADMIN_KEY_OPERATIONS, ADMIN_KEY_TEST_OPERATIONS, ADMIN_PRICE_OPERATIONS],
  ...[ADMIN_GENERATION_OPERATIONS, ADMIN_AUDIT_OPERATIONS],
].flat()

async function listed(admin: Client, query: string): Promise<Page<AuditView>> {
  const answer = await admin.send(`/admin/api/audit?${query}`)
  return answered(ADMIN_AUDIT_OPERATIONS, 'listAudit', answer, 200)
}

stackTest('no operation is for anybody but administrators', async ({ plan }) => {
  const [{ client, account }, victim] = await Promise.all([signedIn(plan), makeAccount(plan)])
  const nobody = new Client(plan)
  const before = await sqlRows(plan, 'SELECT COUNT(*) AS changes FROM audit_log')
  assert.ok(OPERATIONS.length >= 24)
  for (const { id, method, path, body } of OPERATIONS) {
    const asked = {
      method: method.toUpperCase(),
      ...(body !== undefined && { body: {} }),
    }
    const target = path
      .replace('{id}', id === 'killGeneration' ? '0'.repeat(32) : victim.id)
      .replace('{session}', '0'.repeat(64))
      .replace('{day}', '2031-01-01')
    assertProblem(await client.send(target, asked), 403, 'admin_only')
    assertProblem(await nobody.send(target, asked), 401, 'unauthenticated')
    // The worker does not rely on the gate for it.
    const direct = await askAsGate(plan, { path: target, ...asked, identity: { uid: account.id } })
    assert.equal(direct.status, 403, `${method} ${target}`)
    assert.equal((await askAsGate(plan, { path: target, ...asked })).status, 401)
  }
  assert.deepEqual(await sqlRows(plan, 'SELECT COUNT(*) AS changes FROM audit_log'), before)
})

stackTest('the record is looked through by actor, action, target and time', async ({ plan }) => {
  const [one, two, target, another] = await Promise.all([
    signedIn(plan, 'admin'),
    signedIn(plan, 'admin'),
    makeAccount(plan),
    makeAccount(plan),
  ])
  for (const chat of [1, 2, 3]) await changeUser(one.client, target.id, { limits: { chat } })
  await two.client.send(`/admin/api/users/${another.id}/sign-out`, { method: 'POST' })
  await changeUser(two.client, another.id, { limits: { chat: 4 } })
  const chats = ({ items }: Page<AuditView>) => items.map(({ after }) => after?.['limits'])
  assert.deepEqual(chats(await listed(one.client, `target_kind=user&target_id=${target.id}`)), [
    ...['chat=3', 'chat=2', 'chat=1'],
  ])
  for (const actor of [two.account.username, two.account.id]) {
    const mine = await listed(one.client, `actor=${actor}`)
    assert.deepEqual(
      mine.items.map(({ action }) => action),
      ['user.change', 'user.sign_out'],
    )
    assert.ok(mine.items.every((item) => item.actor === two.account.username))
  }
  const signOuts = await listed(one.client, `actor=${two.account.id}&action=user.sign_out`)
  assert.equal(signOuts.items.length, 1)
  assert.deepEqual((await listed(one.client, 'actor=test-nobody')).items, [])
  const own = `actor=${one.account.id}`
  const pages: AuditView[] = []
  let cursor: string | null = ''
  while (cursor !== null) {
    const at: string = cursor === '' ? '' : `&cursor=${cursor}`
    const page = await listed(one.client, `${own}&limit=1${at}`)
    assert.equal(page.items.length, 1)
    pages.push(...page.items)
    cursor = page.next
  }
  const { items } = await listed(one.client, own)
  assert.deepEqual(pages, items)
  const [, middle] = items
  assert.ok(middle)
  const since = await listed(one.client, `${own}&from=${middle.at}`)
  const until = await listed(one.client, `${own}&to=${middle.at}`)
  assert.deepEqual([...since.items, ...until.items], items)
  assert.ok(since.items.some(({ id }) => id === middle.id))
  for (const wrong of [
    ...['action=user.destroy', 'target_kind=planet', 'target_id=5', 'limit=0', 'cursor=x', 'x=1'],
    'from=2026-01-02T00:00:00Z&to=2026-01-01T00:00:00Z',
  ]) {
    assertProblem(await one.client.send(`/admin/api/audit?${wrong}`), 400, 'invalid_request')
  }
})

stackTest('records of one instant are each on one page', async ({ plan }) => {
  const db = createDatabase(plan.worker.mysql)
  try {
    const { id, username } = await makeAccount(plan)
    const origin = { uid: id, name: username, ip: '', requestId: '' }
    await db.transaction(async (tx) => {
      await tx.execute("SET SESSION timestamp = UNIX_TIMESTAMP('2026-06-01 12:00:00')")
      for (let n = 0; n < 7; n += 1) {
        const after = { username: `u${n}` }
        const entry = {
          origin,
          action: 'user.create',
          target: `${n}`,
          before: null,
          after,
        } as const
        await recordChange(tx, entry)
      }
      await tx.execute('SET SESSION timestamp = DEFAULT')
    })
    const audit = createAudit(db)
    const all = { action: undefined, targetKind: undefined, targetId: undefined }
    const query = { ...all, actor: id, from: undefined, to: undefined, limit: 3 }
    const targets: string[] = []
    let page = await audit.list({ ...query, after: undefined })
    while (page.length > 0) {
      targets.push(...page.map(({ view }) => view.target_id))
      page = await audit.list({ ...query, after: page.at(-1)?.position })
    }
    assert.deepEqual(targets, ['6', '5', '4', '3', '2', '1', '0'])
  } finally {
    await db.close()
  }
})

stackTest('a change that cannot be recorded does not happen', async ({ plan }) => {
  const [{ client: admin, account }, { id, username }] = await Promise.all([
    signedIn(plan, 'admin'),
    makeAccount(plan),
  ])
  const db = createDatabase(plan.worker.mysql)
  try {
    const users = createUserStates(db)
    // No address is that long, so MySQL refuses the record.
    const origin = { uid: account.id, name: 'x', ip: '1'.repeat(46), requestId: '' }
    const before = await shownUser(admin, id)
    await assert.rejects(users.change(id, { role: 'admin' }, before.version, origin))
    await assert.rejects(users.raiseEpoch(id, undefined, origin))
    await assert.rejects(users.setPassword(id, { passwordHash: 'x', mustChange: 1 }, origin))
    assert.deepEqual(await shownUser(admin, id), before)
    const made = {
      username: `${username}-2`,
      passwordHash: 'x',
      role: 'user',
      mustChange: 1,
    } as const
    await assert.rejects(createUsers(db).create(made, origin))
    assert.deepEqual(
      await sqlRows(plan, 'SELECT 1 FROM users WHERE username = ?', [made.username]),
      [],
    )
  } finally {
    await db.close()
  }
  assert.deepEqual(await recordsOf(admin, 'user', id), [])
})

// What every other test of administration has left behind is looked at, as far as it ran before.
stackTest(
  'every record holds listed fields only, and none that any row keeps secret',
  async ({ plan }) => {
    const { client: admin } = await signedIn(plan, 'admin')
    await changeUser(admin, (await makeAccount(plan)).id, { limits: { chat: 9 } })
    const rows = await sqlRows(plan, 'SELECT action, before_state, after_state FROM audit_log')
    assert.ok(rows.length > 0)
    for (const { action, before_state, after_state } of rows) {
      for (const state of [before_state, after_state]) {
        const given = state as Parameters<typeof auditedFields>[1]
        assert.deepEqual(auditedFields(action as 'user.change', given), state, String(action))
      }
    }
    const hashes = await sqlRows(
      plan,
      `SELECT password_hash AS secret FROM users UNION ALL SELECT hash FROM access_tokens
     UNION ALL SELECT hash FROM password_resets UNION ALL SELECT key_cipher FROM api_keys`,
    )
    const everything = JSON.stringify(rows)
    for (const { secret } of hashes) {
      if (secret !== null && String(secret).length > 8)
        assert.ok(!everything.includes(String(secret)))
    }
  },
)
