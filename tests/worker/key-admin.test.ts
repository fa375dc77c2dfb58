/** What admins may change of a key, and what they are told about one that cannot be used. */

import assert from 'node:assert/strict'
import { after, before } from 'node:test'
import type { ApiKeyView } from '#contract/api.ts'
import type { KeyTest } from '#contract/key-state.ts'
import { createStandin } from '../standin/server.ts'
import { signedIn } from '../support/accounts.ts'
import { changeKey } from '../support/admin.ts'
import { wholeChat } from '../support/chat.ts'
import { asWorker, keyTests, newAccount, putKey, shownKey, shownKeys } from '../support/keys.ts'
import { assertProblem } from '../support/problem.ts'
import { sqlRows, sqlRun } from '../support/sql.ts'
import { useStack } from '../support/test-stack.ts'

const { stack, stackTest } = useStack()
const keyTest = keyTests(stackTest)

const provider = createStandin()
let providerUrl = ''
before(async () => {
  providerUrl = `http://127.0.0.1:${await provider.listen(0)}`
})
after(() => provider.close())

keyTest('weight and account change, and only they', async (plan, admin) => {
  const { id } = await putKey(admin, { api_key: 'sk-test-admin-0001', base_url: providerUrl })
  const [before] = await sqlRows(plan, 'SELECT key_cipher FROM api_keys WHERE id = ?', [id])
  const account = newAccount()
  const body = { weight: 7, account }
  const changed = (await changeKey(admin, id, body)).json<ApiKeyView>()
  assert.deepEqual(
    [changed.weight, changed.account, changed.base_url, changed.enabled, changed.state],
    [7, account, providerUrl, true, 'ok'],
  )
  const [after] = await sqlRows(plan, 'SELECT key_cipher FROM api_keys WHERE id = ?', [id])
  assert.deepEqual(after, before)
  const back = (await changeKey(admin, id, { account: null })).json<ApiKeyView>()
  assert.deepEqual([back.account, back.weight], [null, 7])
})

keyTest('a disabled key is used by no call until it is enabled', async (_plan, admin) => {
  const { id } = await putKey(admin, { api_key: 'sk-test-admin-0002', base_url: providerUrl })
  const off = (await changeKey(admin, id, { enabled: false })).json<ApiKeyView>()
  assert.deepEqual([off.enabled, off.state, off.fault_at], [false, 'disabled', null])
  const local = await wholeChat(admin, 'standin: tokens=1 delay=0')
  assert.deepEqual(provider.requests.list({ requestId: local.id }), [])
  assert.equal((await changeKey(admin, id, { enabled: true })).json<ApiKeyView>().state, 'ok')
  const real = await wholeChat(admin, 'standin: tokens=1 delay=0')
  assert.equal(provider.requests.list({ requestId: real.id }).length, 1)
})

keyTest('what is wrong or unknown is refused', async (plan, admin) => {
  const { id } = await putKey(admin, { api_key: 'sk-test-admin-0003', base_url: providerUrl })
  for (const [body, field] of [
    [{ weight: 0 }, 'weight'],
    [{ account: 'Team A' }, 'account'],
    [{ enabled: 1 }, 'enabled'],
    [{ api_key: 'sk-test-admin-0004', weight: 2 }, 'api_key'],
    [{}, ''],
  ] as const) {
    const answer = await changeKey(admin, id, body)
    const { errors } = assertProblem(answer, 400, 'invalid_request')
    assert.deepEqual(
      errors?.map((error) => error.field),
      [field],
      JSON.stringify(body),
    )
  }
  for (const unknown of ['0', '99999999', 'abc', '1e3']) {
    assertProblem(await changeKey(admin, unknown, { weight: 2 }), 404, 'not_found')
    for (const [method, path] of [
      ['DELETE', `/admin/api/keys/${unknown}`],
      ['POST', `/admin/api/keys/${unknown}/test`],
      ['GET', `/admin/api/keys/${unknown}/balance`],
    ] as const) {
      assertProblem(await admin.send(path, { method }), 404, 'not_found')
    }
  }
  const { client: user } = await signedIn(plan)
  for (const [method, path] of [
    ['PATCH', `/admin/api/keys/${id}`],
    ['DELETE', `/admin/api/keys/${id}`],
    ['POST', `/admin/api/keys/${id}/test`],
    ['GET', `/admin/api/keys/${id}/balance`],
  ] as const) {
    const body = method === 'PATCH' ? { version: 1, weight: 9 } : undefined
    assertProblem(await user.send(path, { method, body }), 403, 'admin_only')
  }
  assert.equal((await shownKey(admin, 'default')).weight, 1)
})

keyTest('a key is removed; the stand-in stays what it is', async (_plan, admin) => {
  const { id } = await putKey(admin, { api_key: 'sk-test-admin-0005', base_url: providerUrl })
  const remove = { method: 'DELETE' } as const
  assert.equal((await admin.send(`/admin/api/keys/${id}`, remove)).status, 204)
  assertProblem(await admin.send(`/admin/api/keys/${id}`, remove), 404, 'not_found')
  const standin = await shownKey(admin, 'standin')
  assertProblem(await admin.send(`/admin/api/keys/${standin.id}`, remove), 403, 'forbidden')
  for (const body of [{ base_url: providerUrl }, { account: 'a' }]) {
    assertProblem(await changeKey(admin, standin.id, body), 400, 'invalid_request')
  }
  assert.deepEqual(await shownKey(admin, 'standin'), standin)
})

keyTest('a row that cannot be used says why, in the language of its admin', async (plan, admin) => {
  await putKey(admin, { api_key: 'sk-test-admin-0006', alias: 'one' })
  await sqlRun(
    plan,
    `INSERT INTO api_keys (alias, plain_key, key_cipher, base_url)
     SELECT 'short', 'sk-1', NULL, NULL FROM DUAL
     UNION ALL SELECT 'empty', NULL, NULL, NULL FROM DUAL
     UNION ALL SELECT 'copied', NULL, key_cipher, NULL FROM api_keys WHERE alias = 'one'
     UNION ALL SELECT 'retired', NULL, REPLACE(key_cipher, 'v1.', 'v1.old-'), NULL
       FROM api_keys WHERE alias = 'one'
     UNION ALL SELECT 'clear', 'sk-test-admin-0007', NULL, 'http://llm.example' FROM DUAL
     UNION ALL SELECT 'local', 'sk-test-admin-0008', NULL, ? FROM DUAL`,
    [`http://localhost:${stack().plan.settings.standinPort}`],
  )
  const reasons = new Map((await shownKeys(admin)).map((key) => [key.alias, key]))
  for (const [alias, reason] of [
    ['short', /8 to 256 printable characters/],
    ['empty', /no key/],
    ['copied', /changed or copied/],
    ['retired', /GATE_ENCRYPTION_KEYS/],
    ['clear', /neither https/],
    ['local', /stand-in/],
  ] as const) {
    const key = reasons.get(alias)
    assert.equal(key?.state, 'unusable', alias)
    assert.match(String(key.reason), reason)
  }
  // What was well formed is encrypted all the same.
  const left = await sqlRows(plan, 'SELECT alias FROM api_keys WHERE plain_key IS NOT NULL')
  assert.deepEqual(left, [{ alias: 'short' }])
  const headers = { 'Accept-Language': 'zh-CN' }
  const chinese = (await admin.send('/admin/api/keys', { headers })).json<{ keys: ApiKeyView[] }>()
  for (const { state, reason } of chinese.keys) {
    assert.equal(/\p{Script=Han}/u.test(reason ?? ''), state !== 'ok', `${state}: ${reason}`)
  }
  const path = `/admin/api/keys/${reasons.get('short')?.id}/test`
  const tested = (await admin.send(path, { method: 'POST' })).json<KeyTest>()
  assert.deepEqual([tested.ok, tested.status, tested.models], [false, null, []])
})

keyTest('a test tells what the provider thinks of a key', async (_plan, admin) => {
  const good = await putKey(admin, { api_key: 'sk-test-admin-0009', base_url: providerUrl })
  const bad = await putKey(admin, {
    ...{ api_key: 'sk-invalid-admin-000a', alias: 'bad', base_url: providerUrl },
  })
  const test = async (id: string) =>
    (await admin.send(`/admin/api/keys/${id}/test`, { method: 'POST' })).json<KeyTest>()
  const works = await test(good.id)
  assert.deepEqual([works.ok, works.status, works.detail], [true, 200, null])
  assert.deepEqual(works.models, ['deepseek-flash', 'deepseek-v4-pro'])
  assert.equal(works.balance?.balance_infos[0]?.total_balance, '110.00')
  assert.ok(works.latency_ms !== null && works.latency_ms < 8000)
  const refused = await test(bad.id)
  assert.deepEqual([refused.ok, refused.status, refused.balance], [false, 401, null])
  assert.match(String(refused.detail), /does not know this key/)
  await putKey(admin, { api_key: 'sk-test-admin-0009', base_url: 'http://127.0.0.1:9' })
  const nobody = await test(good.id)
  assert.deepEqual([nobody.ok, nobody.status], [false, null])
})

keyTest('an account without balance is asked again by one worker', async (plan, admin) => {
  // Nobody answers there, so that the stack's own worker, if it is first, changes nothing.
  const body = { api_key: 'sk-test-admin-000d', base_url: 'http://127.0.0.1:9' }
  const { id } = await putKey(admin, body)
  const since = (minutes: number) =>
    sqlRun(
      plan,
      `UPDATE api_keys SET fault = 'no_balance', balance_checked_at = NULL,
         fault_at = UTC_TIMESTAMP(3) - INTERVAL ? MINUTE WHERE id = ?`,
      [minutes, id],
    )
  await asWorker(plan, async (changes) => {
    await since(9)
    assert.deepEqual(await changes.claimBalanceChecks(), [])
    await since(11)
    const both = await Promise.all([changes.claimBalanceChecks(), changes.claimBalanceChecks()])
    assert.ok(both.flat().length <= 1, 'two workers ask')
    const checked = 'SELECT 1 FROM api_keys WHERE id = ? AND balance_checked_at IS NOT NULL'
    assert.equal((await sqlRows(plan, checked, [id])).length, 1, 'nobody asks')
    assert.deepEqual(await changes.claimBalanceChecks(), [])
  })
})
