/** A key that another one replaces: where it goes, and what counts of the one before it. */

import assert from 'node:assert/strict'
import { after, before } from 'node:test'
import type { Plan } from '../../scripts/stack/plan.ts'
import { createLogger } from '../../worker/src/log.ts'
import { createApiKeys } from '../../worker/src/stores/api-keys.ts'
import { createDatabase } from '../../worker/src/stores/mysql.ts'
import { createStandin } from '../standin/server.ts'
import { changeKey } from '../support/admin.ts'
import { wholeChat } from '../support/chat.ts'
import { asWorker, keyTests, newAccount, putKey, shownKey } from '../support/keys.ts'
import { assertProblem } from '../support/problem.ts'
import { sqlRows } from '../support/sql.ts'
import { useStack } from '../support/test-stack.ts'

const { stackTest } = useStack()
const keyTest = keyTests(stackTest)

const provider = createStandin()
let providerUrl = ''
before(async () => {
  providerUrl = `http://127.0.0.1:${await provider.listen(0)}`
})
after(() => provider.close())

async function versionOf(plan: Plan, id: string): Promise<number> {
  const [row] = await sqlRows(plan, 'SELECT version FROM api_keys WHERE id = ?', [id])
  return Number(row?.['version'])
}

keyTest('a stored key is sent nowhere else without being given again', async (_plan, admin) => {
  const own = { api_key: 'sk-test-admin-000e', base_url: providerUrl }
  const { id } = await putKey(admin, own)
  const elsewhere = createStandin()
  try {
    const base_url = `http://127.0.0.1:${await elsewhere.listen(0)}`
    for (const body of [{ base_url }, { base_url: null }, { weight: 2, base_url }]) {
      const { errors } = assertProblem(await changeKey(admin, id, body), 400, 'invalid_request')
      assert.equal(errors?.[0]?.field, 'base_url', JSON.stringify(body))
    }
    const { weight, base_url: kept } = await shownKey(admin, 'default')
    assert.deepEqual([weight, kept], [1, providerUrl])
    await admin.send(`/admin/api/keys/${id}/test`, { method: 'POST' })
    await wholeChat(admin, 'standin: tokens=1 delay=0')
    assert.deepEqual(elsewhere.requests.list(), [])
    await putKey(admin, { ...own, base_url })
    const { id: requestId } = await wholeChat(admin, 'standin: tokens=1 delay=0')
    assert.equal(elsewhere.requests.list({ requestId }).length, 1)
  } finally {
    await elsewhere.close()
  }
})

keyTest('a rotated key stands where the one before it stood', async (_plan, admin) => {
  const account = newAccount()
  const common = { base_url: `${providerUrl}/v1/`, weight: 5, account }
  const { id } = await putKey(admin, { ...common, api_key: 'sk-test-admin-000f' })
  await changeKey(admin, id, { enabled: false })
  const rotated = { api_key: 'sk-test-admin-0010' }
  const silent = await admin.send('/admin/api_key', { body: rotated })
  const { errors } = assertProblem(silent, 400, 'invalid_request')
  assert.equal(errors?.[0]?.field, 'base_url')
  assert.equal((await shownKey(admin, 'default')).last4, '000f')
  const said = await putKey(admin, { ...rotated, base_url: common.base_url })
  assert.deepEqual([said.id, said.base_url], [id, `${providerUrl}/v1`])
  const facts = async () => {
    const { last4, base_url, weight, account, enabled, state } = await shownKey(admin, 'default')
    return [last4, base_url, weight, account, enabled, state]
  }
  assert.deepEqual(await facts(), ['0010', `${providerUrl}/v1`, 5, account, true, 'ok'])
  const { id: requestId } = await wholeChat(admin, 'standin: tokens=1 delay=0')
  const [call] = provider.requests.list({ requestId })
  assert.equal(call?.path, '/v1/chat/completions')
  assert.match(call.headers['authorization'] ?? '', /0010$/)
  const changed = { base_url: null, account: null, weight: 2 }
  await putKey(admin, { ...changed, api_key: 'sk-test-admin-0011' })
  assert.deepEqual(await facts(), ['0011', 'https://api.deepseek.com', 2, null, true, 'ok'])
})

keyTest('a new DEEPSEEK_API_KEY goes to no address that an admin has set', async (plan, admin) => {
  const given = { alias: 'env', base_url: providerUrl, weight: 3, account: newAccount() }
  await putKey(admin, { ...given, api_key: 'sk-test-admin-0012' })
  const standin = await shownKey(admin, 'standin')
  await changeKey(admin, standin.id, { weight: 4 })
  const db = createDatabase(plan.worker.mysql)
  try {
    const env = { ...plan.worker, deepseekApiKey: 'sk-test-admin-0013' }
    await createApiKeys({ env, db, log: createLogger('silent'), now: Date.now }).prepare()
  } finally {
    await db.close()
  }
  const { last4, base_url, weight, account } = await shownKey(admin, 'env')
  assert.deepEqual(
    [last4, base_url, weight, account],
    ['0013', 'https://api.deepseek.com', 3, given.account],
  )
  const { weight: own, base_url: address, state } = await shownKey(admin, 'standin')
  assert.deepEqual([own, address, state], [1, standin.base_url, standin.state])
})

keyTest('what a call with an earlier key has met does not count', async (plan, admin) => {
  const { id } = await putKey(admin, { api_key: 'sk-test-admin-000b', base_url: providerUrl })
  const before = await versionOf(plan, id)
  await putKey(admin, { api_key: 'sk-test-admin-000c', base_url: providerUrl })
  await asWorker(plan, async (changes) => {
    for (const fault of ['rejected', 'no_balance'] as const) {
      await changes.fault({ id, version: before }, fault)
      assert.equal((await shownKey(admin, 'default')).state, 'ok', fault)
    }
    await changes.fault({ id, version: await versionOf(plan, id) }, 'rejected')
    assert.equal((await shownKey(admin, 'default')).state, 'rejected')
  })
})

keyTest('the balance of an earlier key lets no account in again', async (plan, admin) => {
  // Nobody answers there, so that the stack's own worker cannot find a balance.
  const common = { base_url: 'http://127.0.0.1:9', account: newAccount() }
  const put = (alias: string) => putKey(admin, { ...common, api_key: `sk-test-${alias}`, alias })
  const aliases = ['first', 'second', 'third'] as const
  const { id } = await put('second')
  for (const alias of ['first', 'third']) await put(alias)
  const states = async () =>
    Promise.all(aliases.map(async (alias) => (await shownKey(admin, alias)).state))
  await asWorker(plan, async (changes) => {
    const asked = await versionOf(plan, id)
    await put('second')
    await changes.fault({ id, version: await versionOf(plan, id) }, 'no_balance')
    assert.equal(await changes.refill({ id, version: asked }), 0)
    assert.deepEqual(await states(), ['no_balance', 'no_balance', 'no_balance'])
    assert.equal(await changes.refill({ id, version: await versionOf(plan, id) }), 3)
    assert.deepEqual(await states(), ['ok', 'ok', 'ok'])
  })
})
