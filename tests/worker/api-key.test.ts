/** The provider's keys: kept encrypted, shown by their last four characters, sent where they belong. */

import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before } from 'node:test'
import { createStandin } from '../standin/server.ts'
import { signedIn } from '../support/accounts.ts'
import { wholeChat } from '../support/chat.ts'
import type { Client } from '../support/client.ts'
import { forgetKeys, putKey, shownKeys } from '../support/keys.ts'
import { ROOMY } from '../support/own-stack.ts'
import { sqlRows, sqlRun } from '../support/sql.ts'
import { recordedCalls } from '../support/standin-journal.ts'
import { useStack } from '../support/test-stack.ts'

// A stack of its own, because a real key takes the stand-in out of use.
const { stack, stackTest } = useStack(ROOMY)

/** A second server in the provider's place. */
const provider = createStandin()
let providerUrl = ''
before(async () => {
  providerUrl = `http://127.0.0.1:${await provider.listen(0)}`
})
after(() => provider.close())

const SCRIPT = 'standin: tokens=2 delay=0'
/** Every key that any test here has used. */
const secrets: string[] = []

function newKey(prefix = 'sk-test'): string {
  const secret = `${prefix}-${crypto.randomUUID()}`
  secrets.push(secret)
  return secret
}

async function noticesOf(client: Client): Promise<readonly string[]> {
  return (await client.send('/api/me')).json<{ notices: string[] }>().notices
}

stackTest(
  'a key is stored encrypted and answered by its last four characters',
  async ({ plan }) => {
    const { client } = await signedIn(plan, 'admin')
    const api_key = newKey()
    const answer = await putKey(client, { api_key, base_url: providerUrl })
    const last4 = api_key.slice(-4)
    assert.deepEqual(
      { ...answer, id: '' },
      { id: '', alias: 'default', last4, base_url: providerUrl },
    )
    const rows = await sqlRows(plan, "SELECT * FROM api_keys WHERE alias = 'default'")
    assert.equal(rows.length, 1)
    assert.equal(rows[0]?.['plain_key'], null)
    const stored = JSON.stringify(rows)
    for (const encoding of ['utf8', 'base64', 'base64url', 'hex'] as const) {
      const readable = Buffer.from(api_key).toString(encoding).slice(0, 16)
      assert.ok(!stored.includes(readable), `readable as ${encoding}`)
    }
    const shown = await client.send('/admin/api/keys')
    assert.ok(!shown.text.includes(api_key.slice(0, -4)))
    const view = (await shownKeys(client)).find(({ alias }) => alias === 'default')
    assert.equal(view?.last4, last4)
    assert.equal(view.base_url, providerUrl)
    assert.deepEqual([view.enabled, view.standin, view.weight], [true, false, 1])
    await forgetKeys(plan, client)
  },
)

stackTest(
  'a key replaces the one with its alias and stands beside the others',
  async ({ plan }) => {
    const { client } = await signedIn(plan, 'admin')
    const [first, second, other] = [newKey(), newKey(), newKey()]
    const one = await putKey(client, { api_key: first, alias: 'main', base_url: providerUrl })
    const two = await putKey(client, {
      ...{ api_key: second, alias: 'main', weight: 3 },
      base_url: providerUrl,
    })
    assert.equal(two.id, one.id)
    assert.notEqual((await putKey(client, { api_key: other, alias: 'spare' })).id, one.id)
    const keys = (await shownKeys(client)).filter(({ standin }) => !standin)
    assert.deepEqual(
      keys.map(({ alias, last4, weight, base_url }) => ({ alias, last4, weight, base_url })),
      [
        { alias: 'main', last4: second.slice(-4), weight: 3, base_url: providerUrl },
        { alias: 'spare', last4: other.slice(-4), weight: 1, base_url: 'https://api.deepseek.com' },
      ],
    )
    await forgetKeys(plan, client)
  },
)

stackTest('once there is a real key, calls go to its server and no other', async ({ plan }) => {
  const { client } = await signedIn(plan, 'admin')
  assert.ok((await noticesOf(client)).includes('standin_upstream'))
  const local = await wholeChat(client, SCRIPT)
  assert.equal((await recordedCalls(plan, local.id)).length, 1)
  const api_key = newKey()
  await putKey(client, { api_key, base_url: `${providerUrl}/v1/` })
  assert.ok(!(await noticesOf(client)).includes('standin_upstream'))
  const { id, events } = await wholeChat(client, SCRIPT)
  assert.equal(events.at(-1)?.event, 'done')
  assert.deepEqual(await recordedCalls(plan, id), [])
  const [call] = provider.requests.list({ requestId: id })
  assert.equal(call?.path, '/v1/chat/completions')
  assert.match(call.headers['authorization'] ?? '', new RegExp(`${api_key.slice(-4)}$`))
  const [usage] = await sqlRows(
    plan,
    `SELECT k.alias FROM token_usage u JOIN api_keys k ON k.id = u.api_key_id
     WHERE u.request_id = ?`,
    [id],
  )
  assert.equal(usage?.['alias'], 'default')
  await forgetKeys(plan, client)
})

stackTest('a key that the provider refuses is not replaced by the stand-in', async ({ plan }) => {
  const { client } = await signedIn(plan, 'admin')
  await putKey(client, { api_key: newKey('sk-invalid'), base_url: providerUrl })
  const answer = await client.send('/api/chat', { body: { message: SCRIPT, stream: false } })
  assert.equal(answer.status, 503)
  assert.equal(answer.json()['code'], 'upstream_key_rejected')
  assert.deepEqual(await recordedCalls(plan, String(answer.headers['x-request-id'])), [])
  await forgetKeys(plan, client)
})

stackTest('a plain key inserted with SQL is encrypted and used', async ({ plan }) => {
  const { client } = await signedIn(plan, 'admin')
  const secret = newKey()
  await sqlRun(plan, "INSERT INTO api_keys (alias, plain_key, base_url) VALUES ('sql', ?, ?)", [
    ` ${secret}\n`,
    providerUrl,
  ])
  const view = (await shownKeys(client)).find(({ alias }) => alias === 'sql')
  assert.equal(view?.last4, secret.slice(-4))
  const rows = await sqlRows(plan, "SELECT * FROM api_keys WHERE alias = 'sql'")
  assert.equal(rows[0]?.['plain_key'], null)
  assert.ok(!JSON.stringify(rows).includes(secret))
  const { id } = await wholeChat(client, SCRIPT)
  const [call] = provider.requests.list({ requestId: id })
  assert.match(call?.headers['authorization'] ?? '', new RegExp(`${secret.slice(-4)}$`))
  await forgetKeys(plan, client)
})

stackTest('a key moved to another row with SQL is worth nothing there', async ({ plan }) => {
  const { client } = await signedIn(plan, 'admin')
  await putKey(client, { api_key: newKey(), alias: 'one', base_url: providerUrl })
  await sqlRun(
    plan,
    `INSERT INTO api_keys (alias, key_cipher, base_url)
     SELECT 'two', key_cipher, base_url FROM api_keys WHERE alias = 'one'`,
  )
  await sqlRun(plan, "DELETE FROM api_keys WHERE alias = 'one'")
  await shownKeys(client)
  const answer = await client.send('/api/chat', { body: { message: SCRIPT } })
  assert.equal(answer.status, 503)
  assert.equal(answer.json()['code'], 'no_upstream_key')
  await forgetKeys(plan, client)
})

stackTest('without any key the chat says that one is missing', async ({ plan }) => {
  const { client } = await signedIn(plan, 'admin')
  await sqlRun(plan, 'UPDATE api_keys SET enabled = FALSE')
  await shownKeys(client)
  const answer = await client.send('/api/chat', { body: { message: SCRIPT } })
  assert.equal(answer.status, 503)
  assert.equal(answer.json()['code'], 'no_upstream_key')
  assert.ok((await noticesOf(client)).includes('no_upstream_key'))
  await forgetKeys(plan, client)
})

// The last test: it looks at what all the others left behind.
stackTest('no log of any program holds a key', async ({ plan }) => {
  const folder = stack().plan.layout.logs
  const logs = readdirSync(folder)
  assert.ok(
    logs.includes('worker.log') && logs.includes('nginx.log') && logs.includes('access.log'),
  )
  assert.ok(secrets.length >= 7, 'the tests before this one have not run')
  for (const name of logs) {
    const text = readFileSync(join(plan.layout.logs, name), 'utf8')
    for (const secret of secrets) assert.ok(!text.includes(secret), `${name} holds a key`)
  }
})
