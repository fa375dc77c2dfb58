/** Several keys: which one a call goes out with, and what becomes of one that fails. */

import assert from 'node:assert/strict'
import { after, before } from 'node:test'
import type { KeyBalance, KeyTest } from '#contract/key-state.ts'
import type { Plan } from '../../scripts/stack/plan.ts'
import { createStandin } from '../standin/server.ts'
import { signedIn } from '../support/accounts.ts'
import { changeKey } from '../support/admin.ts'
import { wholeChat } from '../support/chat.ts'
import type { Answer } from '../support/client.ts'
import { keyTests, newAccount, putKey, shownKey, shownKeys, useOnly } from '../support/keys.ts'
import { assertProblem } from '../support/problem.ts'
import { awaitRows } from '../support/sql.ts'
import { useStack } from '../support/test-stack.ts'
import { settledRow, usageRows } from '../support/usage-rows.ts'

const { stackTest } = useStack()
const keyTest = keyTests(stackTest)

/** The provider; the stack's own stand-in never gets a real key. */
const provider = createStandin()
/** A port at which nobody listens. */
let deadUrl = ''
let providerUrl = ''
before(async () => {
  providerUrl = `http://127.0.0.1:${await provider.listen(0)}`
  const gone = createStandin()
  deadUrl = `http://127.0.0.1:${await gone.listen(0)}`
  await gone.close()
})
after(() => provider.close())

const SCRIPT = 'standin: tokens=2 delay=0'

/** Asks as somebody new, so that no limit is in the way. */
async function ask(plan: Plan, message = SCRIPT): Promise<Answer> {
  const { client } = await signedIn(plan)
  return client.send('/api/chat', { body: { message, stream: false } })
}

function idOf(answer: Answer): string {
  return String(answer.headers['x-request-id'])
}

/** The last four characters of the keys that the provider got for a request, in their order. */
function keysUsed(requestId: string): readonly string[] {
  return provider.requests
    .list({ requestId })
    .map(({ headers }) => (headers['authorization'] ?? '').slice(-4))
}

keyTest('a key that is refused is put out of use; another answers', async (plan, admin) => {
  await putKey(admin, { api_key: 'sk-invalid-0001', alias: 'bad', base_url: providerUrl })
  await putKey(admin, { api_key: 'sk-test-pool-0002', alias: 'good', base_url: providerUrl })
  await useOnly(plan, admin, 'bad')
  assertProblem(await ask(plan), 503, 'upstream_key_rejected')
  assert.equal((await shownKey(admin, 'bad')).state, 'rejected')
  // Let in again by its admin, and met by a call that has somewhere else to go.
  const { id } = await shownKey(admin, 'bad')
  const enabled = await changeKey(admin, id, { enabled: true })
  assert.equal(enabled.json()['state'], 'ok')
  await useOnly(plan, admin, 'bad', 'good')
  let asked = await ask(plan)
  // The choice is by chance: sooner or later it falls on the refused one, and never again.
  for (let i = 0; keysUsed(idOf(asked)).length < 2 && i < 60; i += 1) asked = await ask(plan)
  assert.equal(asked.status, 200, asked.text)
  assert.deepEqual(keysUsed(idOf(asked)), ['0001', '0002'])
  const rows = await usageRows(plan, idOf(asked))
  assert.equal(rows.length, 1)
  assert.equal(rows[0]?.ending, 'done')
  assert.equal(rows[0].api_key_id, (await shownKey(admin, 'good')).id, 'booked on the wrong key')
  const bad = await shownKey(admin, 'bad')
  assert.deepEqual([bad.state, bad.enabled, bad.last4], ['rejected', true, '0001'])
  assert.match(String(bad.reason), /refused/)
  assert.ok(Date.now() - Date.parse(String(bad.fault_at)) < 60_000)
})

keyTest('without balance the whole account rests until there is some', async (plan, admin) => {
  const common = { base_url: providerUrl, account: newAccount() }
  await putKey(admin, { ...common, api_key: 'sk-nobalance-0003', alias: 'empty' })
  await putKey(admin, { ...common, api_key: 'sk-test-pool-0004', alias: 'sister' })
  await putKey(admin, { api_key: 'sk-test-pool-0005', alias: 'spare', base_url: providerUrl })
  await useOnly(plan, admin, 'empty')
  const refused = await ask(plan)
  const problem = assertProblem(refused, 503, 'upstream_balance')
  assert.match(problem.detail, /administrator/)
  assert.doesNotMatch(refused.text, /Insufficient|0003|empty/)
  assert.deepEqual(keysUsed(idOf(refused)), ['0003'], 'asked more than once')
  await useOnly(plan, admin, 'empty', 'sister')
  const all = await shownKeys(admin)
  assert.deepEqual(
    all.filter(({ standin }) => !standin).map(({ alias, state }) => [alias, state]),
    [
      ['empty', 'no_balance'],
      ['sister', 'no_balance'],
      ['spare', 'disabled'],
    ],
  )
  const again = await ask(plan)
  assertProblem(again, 503, 'upstream_balance')
  assert.deepEqual(keysUsed(idOf(again)), [])
  assert.deepEqual(await usageRows(plan, idOf(again)), [], 'a turn was begun without a key')
  await useOnly(plan, admin, 'empty', 'sister', 'spare')
  assert.deepEqual(keysUsed(idOf(await ask(plan))), ['0005'])
  const { id } = await shownKey(admin, 'empty')
  const balance = (await admin.send(`/admin/api/keys/${id}/balance`)).json<KeyBalance>()
  assert.deepEqual([balance.is_available, balance.balance_infos[0]?.total_balance], [false, '0.00'])
  const empty = await admin.send(`/admin/api/keys/${id}/test`, { method: 'POST' })
  const { ok, status, detail } = empty.json<KeyTest>()
  assert.deepEqual([ok, status], [false, 200])
  assert.match(String(detail), /no balance/)
  assert.equal((await shownKey(admin, 'empty')).state, 'no_balance')
  const { id: sister } = await shownKey(admin, 'sister')
  const paid = await admin.send(`/admin/api/keys/${sister}/test`, { method: 'POST' })
  assert.equal(paid.json<KeyTest>().ok, true)
  assert.equal(paid.json<KeyTest>().balance?.balance_infos[0]?.topped_up_balance, '100.00')
  assert.deepEqual(
    [(await shownKey(admin, 'empty')).state, (await shownKey(admin, 'sister')).state],
    ['ok', 'ok'],
  )
})

keyTest('too many calls let the account cool for as long as it says', async (plan, admin) => {
  const common = { base_url: providerUrl, account: newAccount() }
  await putKey(admin, { ...common, api_key: 'sk-test-pool-0006', alias: 'one' })
  await putKey(admin, { ...common, api_key: 'sk-test-pool-0007', alias: 'two' })
  await putKey(admin, { api_key: 'sk-test-pool-0008', alias: 'spare', base_url: providerUrl })
  await useOnly(plan, admin, 'one', 'two')
  const busy = await ask(plan, 'standin: status=429 retry_after=120')
  assertProblem(busy, 503, 'upstream_busy')
  assert.equal(keysUsed(idOf(busy)).length, 1, 'asked the same account again')
  for (const alias of ['one', 'two']) {
    const { state, cooling_until } = await shownKey(admin, alias)
    const left = Date.parse(String(cooling_until)) - Date.now()
    assert.equal(state, 'cooling')
    assert.ok(left > 60_000 && left <= 120_000, `${left} ms`)
  }
  const refused = await ask(plan)
  const { retryAfter = 0 } = assertProblem(refused, 503, 'upstream_busy')
  assert.ok(retryAfter > 60 && retryAfter <= 120)
  assert.equal(refused.headers['retry-after'], String(retryAfter))
  assert.deepEqual(await usageRows(plan, idOf(refused)), [])
  await useOnly(plan, admin, 'one', 'two', 'spare')
  assert.deepEqual(keysUsed(idOf(await ask(plan))), ['0008'])
})

keyTest('a broken server is asked three times, for one row', async (plan, admin) => {
  await putKey(admin, { api_key: 'sk-test-pool-0009', base_url: providerUrl })
  const { client } = await signedIn(plan)
  const { id, events } = await wholeChat(client, 'standin: status=503')
  assert.deepEqual(
    events.map(({ event }) => event),
    ['start', 'error'],
  )
  assert.deepEqual(keysUsed(id), ['0009', '0009', '0009'])
  assert.equal((await usageRows(plan, id)).length, 1)
  assert.equal((await settledRow(plan, id)).ending, 'upstream_error')
  const moderated = await ask(plan, 'standin-risk')
  assertProblem(moderated, 400, 'upstream_content_risk')
  assert.equal(keysUsed(idOf(moderated)).length, 1)
})

keyTest('a dead server is left alone after five calls; others answer', async (plan, admin) => {
  await putKey(admin, { api_key: 'sk-test-pool-000a', alias: 'dead', base_url: deadUrl })
  for (let i = 0; i < 5; i += 1) assertProblem(await ask(plan), 502, 'upstream_unavailable')
  const dead = await shownKey(admin, 'dead')
  assert.equal(dead.state, 'failing')
  assert.ok(Date.parse(String(dead.cooling_until)) - Date.now() <= 5000)
  await putKey(admin, { api_key: 'sk-test-pool-000b', alias: 'alive', base_url: providerUrl })
  for (let i = 0; i < 3; i += 1) {
    const answer = await ask(plan)
    assert.equal(answer.status, 200, answer.text)
    assert.deepEqual(keysUsed(idOf(answer)), ['000b'])
  }
  // Moved to a server that works it starts anew.
  await putKey(admin, { api_key: 'sk-test-pool-000a', alias: 'dead', base_url: providerUrl })
  assert.equal((await shownKey(admin, 'dead')).state, 'ok')
  await useOnly(plan, admin, 'dead')
  assert.deepEqual(keysUsed(idOf(await ask(plan))), ['000a'])
})

keyTest('shares of the calls follow the weights', async (plan, admin) => {
  const common = { base_url: providerUrl }
  await putKey(admin, { ...common, api_key: 'sk-test-pool-000c', alias: 'most', weight: 1000 })
  const few = await putKey(admin, { ...common, api_key: 'sk-test-pool-000d', alias: 'few' })
  const used = async () => keysUsed(idOf(await ask(plan)))[0]
  const first = [await used(), await used(), await used()]
  assert.ok(first.filter((last4) => last4 === '000c').length >= 2, `${first}`)
  await useOnly(plan, admin, 'few')
  assert.equal(await used(), '000d')
  await awaitRows(plan, 'SELECT 1 FROM api_keys WHERE id = ? AND last_used_at IS NOT NULL', [
    few.id,
  ])
})
