/** Changes of the provider's keys: recorded without the key, made of a known state, never to a forgotten server. */

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { after, before } from 'node:test'
import type { KeyTestLine, SavedKey } from '#contract/admin.ts'
import type { ApiKeyView } from '#contract/api.ts'
import { ADMIN_KEY_TEST_OPERATIONS } from '../../worker/src/routes/admin-key-tests.ts'
import { ADMIN_KEY_OPERATIONS } from '../../worker/src/routes/admin-keys.ts'
import { createStandin } from '../standin/server.ts'
import { signedIn } from '../support/accounts.ts'
import { answered, changeKey, recordsOf } from '../support/admin.ts'
import type { Client } from '../support/client.ts'
import { keyTests, putKey, shownKey } from '../support/keys.ts'
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

async function put(admin: Client, body: object): Promise<SavedKey> {
  const answer = await admin.send('/admin/api_key', { body })
  return answered<SavedKey>(ADMIN_KEY_OPERATIONS, 'putKey', answer, 200)
}

keyTest('every change is recorded, and no key is in any record', async (plan, admin) => {
  const secrets = ['sk-test-audit-first-0001', 'sk-test-audit-other-0002']
  const [first = '', second = ''] = secrets
  const { id } = await put(admin, { api_key: first, alias: 'kept', base_url: providerUrl })
  await put(admin, { api_key: second, alias: 'kept', base_url: null, weight: 3 })
  const changed = await changeKey(admin, id, { enabled: false, account: 'ours' })
  answered(ADMIN_KEY_OPERATIONS, 'changeKey', changed, 200)
  const gone = await admin.send(`/admin/api/keys/${id}`, { method: 'DELETE' })
  answered(ADMIN_KEY_OPERATIONS, 'removeKey', gone, 204)
  const records = await recordsOf(admin, 'key', id)
  const one = { alias: 'kept', weight: 1, account: null, enabled: true }
  const states = [
    null,
    { ...one, last4: '0001', base_url: providerUrl },
    { ...one, last4: '0002', base_url: null, weight: 3 },
    { ...one, last4: '0002', base_url: null, weight: 3, enabled: false, account: 'ours' },
    null,
  ]
  assert.deepEqual(
    records.toReversed().map(({ action, before, after }) => ({ action, before, after })),
    ['key.put', 'key.put', 'key.change', 'key.remove'].map((action, n) => ({
      ...{ action, before: states[n], after: states[n + 1] },
    })),
  )
  assert.equal(records[0]?.request_id, gone.headers['x-request-id'])
  const everything = JSON.stringify(await sqlRows(plan, 'SELECT * FROM audit_log'))
  for (const secret of secrets) assert.ok(!everything.includes(secret.slice(0, -4)))
})

keyTest(
  'of changes made of the same state one wins, and the others see it',
  async (_plan, admin) => {
    const { id } = await put(admin, { api_key: 'sk-test-version-0003', base_url: providerUrl })
    const { version } = await shownKey(admin, 'default')
    const answers = await Promise.all(
      Array.from({ length: 8 }, (_, n) =>
        admin.send(`/admin/api/keys/${id}`, { method: 'PATCH', body: { version, weight: n + 2 } }),
      ),
    )
    const [won, ...more] = answers.filter(({ status }) => status === 200)
    assert.ok(won)
    assert.deepEqual(more, [])
    const now = await shownKey(admin, 'default')
    assert.equal(won.json<ApiKeyView>().weight, now.weight)
    for (const answer of answers.filter((other) => other !== won)) {
      const { current } = assertProblem(answer, 409, 'conflict')
      assert.equal((current as ApiKeyView).version, now.version)
    }
    // A key that replaces it is a change too.
    await put(admin, { api_key: 'sk-test-version-0004', base_url: providerUrl })
    const late = { method: 'PATCH', body: { version: now.version, weight: 99 } }
    assertProblem(await admin.send(`/admin/api/keys/${id}`, late), 409, 'conflict')
    assert.deepEqual(
      (await recordsOf(admin, 'key', id)).map(({ action }) => action),
      ['key.put', 'key.change', 'key.put'],
    )
  },
)

keyTest('a key travels to an address of its own only if that is said', async (_plan, admin) => {
  const { id } = await put(admin, { api_key: 'sk-test-rotate-0005', base_url: providerUrl })
  const calls = provider.requests.list().length
  const refused = await admin.send('/admin/api_key', { body: { api_key: 'sk-test-rotate-0006' } })
  const { errors } = assertProblem(refused, 400, 'invalid_request')
  assert.deepEqual([errors?.[0]?.field, errors?.length], ['base_url', 1])
  assert.equal((await shownKey(admin, 'default')).last4, '0005')
  assert.equal(provider.requests.list().length, calls)
  assert.equal((await recordsOf(admin, 'key', id)).length, 1)
  const moved = await put(admin, { api_key: 'sk-test-rotate-0007', base_url: null })
  assert.equal(moved.base_url, 'https://api.deepseek.com')
  // At the general address there is nothing to forget.
  const again = await put(admin, { api_key: 'sk-test-rotate-0008' })
  assert.equal(again.base_url, 'https://api.deepseek.com')
})

keyTest(
  'new keys of one alias at the same moment are all stored, one after the other',
  async (_plan, admin) => {
    const saved = await Promise.all(
      Array.from({ length: 8 }, (_, n) =>
        put(admin, { api_key: `sk-test-race-000${n}`, alias: 'race', base_url: providerUrl }),
      ),
    )
    const [one] = saved
    assert.ok(one !== undefined && saved.every(({ id }) => id === one.id))
    assert.equal((await recordsOf(admin, 'key', one.id)).length, saved.length)
    assert.equal((await shownKey(admin, 'race')).version, saved.length)
  },
)

keyTest('all keys are tested, each outcome sent as it is there', async (_plan, admin) => {
  await putKey(admin, { api_key: 'sk-test-all-0001', alias: 'a-good', base_url: providerUrl })
  await putKey(admin, { api_key: 'sk-invalid-all-0002', alias: 'b-bad', base_url: providerUrl })
  await putKey(admin, {
    api_key: 'sk-test-all-0003',
    alias: 'c-gone',
    base_url: 'http://127.0.0.1:9',
  })
  const answer = await admin.send('/admin/api/keys/test', { method: 'POST' })
  assert.equal(answer.status, 200, answer.text)
  assert.match(String(answer.headers['content-type']), /^application\/x-ndjson/)
  const schema = ADMIN_KEY_TEST_OPERATIONS.find(({ id }) => id === 'testKeys')?.answers[200]?.schema
  const lines = answer.text
    .trimEnd()
    .split('\n')
    .map((line): KeyTestLine => {
      const outcome = JSON.parse(line)
      assert.ok(schema?.safeParse(outcome).success, line)
      return outcome
    })
  assert.deepEqual(
    lines.map(({ alias, ok, status }) => [alias, ok, status]),
    [
      ['a-good', true, 200],
      ['b-bad', false, 401],
      ['c-gone', false, null],
      ['standin', true, 200],
    ],
  )
})

stackTest('a test that waits holds back no outcome before it', async ({ plan }) => {
  const { client: admin } = await signedIn(plan, 'admin')
  const silent = createServer()
  const asked = once(silent, 'request')
  silent.listen(0, '127.0.0.1')
  await once(silent, 'listening')
  const { port } = silent.address() as AddressInfo
  const own = { api_key: 'sk-test-slow-0001', alias: 'z-slow' }
  const { id } = await put(admin, { ...own, base_url: `http://127.0.0.1:${port}` })
  try {
    const response = await admin.open('/admin/api/keys/test', { method: 'POST' })
    const [first] = await once(response, 'data')
    assert.match(String(first), /"alias":"standin"/)
    await asked
    response.destroy()
  } finally {
    await admin.send(`/admin/api/keys/${id}`, { method: 'DELETE' })
    silent.closeAllConnections()
    silent.close()
  }
})
