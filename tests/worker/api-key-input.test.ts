/** Who may set the provider's keys, and what is no key, alias or address. */

import assert from 'node:assert/strict'
import { signedIn } from '../support/accounts.ts'
import { Client } from '../support/client.ts'
import { sqlRows } from '../support/sql.ts'
import { useStack } from '../support/test-stack.ts'

const { stack, stackTest } = useStack()

const KEYS = 'SELECT id, alias, last4, base_url, weight, enabled FROM api_keys ORDER BY id'
const GOOD = { api_key: 'sk-test-0123456789' }

stackTest('only admins may set or see keys', async ({ plan }) => {
  const before = await sqlRows(plan, KEYS)
  const { client: user } = await signedIn(plan)
  const visitor = new Client(plan)
  for (const [client, status, code] of [
    [user, 403, 'admin_only'],
    [visitor, 401, 'unauthenticated'],
  ] as const) {
    for (const [path, body] of [
      ['/admin/api_key', GOOD],
      ['/admin/api/keys', undefined],
    ] as const) {
      const answer = await client.send(path, { body })
      assert.equal(answer.status, status, path)
      assert.equal(answer.json()['code'], code, path)
    }
  }
  assert.deepEqual(await sqlRows(plan, KEYS), before)
})

const standinUrl = () => `http://localhost:${stack().plan.settings.standinPort}/v1`

/** The field that is wrong, and bodies in which it is. */
const WRONG: Readonly<Record<string, readonly (() => object)[]>> = {
  api_key: [
    () => ({}),
    () => ({ api_key: '' }),
    () => ({ api_key: 'short' }),
    () => ({ api_key: 'sk-with a space' }),
    () => ({ api_key: 'sk-with-line-end\n' }),
    () => ({ api_key: `sk-${'x'.repeat(300)}` }),
    () => ({ api_key: 1234567890 }),
  ],
  alias: [
    () => ({ ...GOOD, alias: '' }),
    () => ({ ...GOOD, alias: 'Main' }),
    () => ({ ...GOOD, alias: 'a'.repeat(65) }),
    () => ({ ...GOOD, alias: 'standin' }),
  ],
  base_url: [
    () => ({ ...GOOD, base_url: 'api.deepseek.com' }),
    () => ({ ...GOOD, base_url: 'http://api.deepseek.com' }),
    () => ({ ...GOOD, base_url: 'http://127.0.0.1.evil.example' }),
    () => ({ ...GOOD, base_url: 'https://name:password@api.deepseek.com' }),
    () => ({ ...GOOD, base_url: 'https://api.deepseek.com?key=1' }),
    () => ({ ...GOOD, base_url: 'file:///etc/passwd' }),
    () => ({ ...GOOD, base_url: standinUrl() }),
  ],
  weight: [
    () => ({ ...GOOD, weight: 0 }),
    () => ({ ...GOOD, weight: 1.5 }),
    () => ({ ...GOOD, weight: 1001 }),
    () => ({ ...GOOD, weight: '1' }),
  ],
  enabled: [() => ({ ...GOOD, enabled: false })],
}

for (const [field, bodies] of Object.entries(WRONG)) {
  stackTest(`a wrong ${field} is named, and no key changes`, async ({ plan }) => {
    const { client } = await signedIn(plan, 'admin')
    const before = await sqlRows(plan, KEYS)
    for (const make of bodies) {
      const body = make()
      const answer = await client.send('/admin/api_key', { body })
      assert.equal(answer.status, 400, JSON.stringify(body))
      const problem = answer.json<{ code: string; errors: readonly { field: string }[] }>()
      assert.equal(problem.code, 'invalid_request')
      assert.deepEqual(
        problem.errors.map((error) => error.field),
        [field],
        JSON.stringify(body),
      )
      assert.ok(!answer.text.includes(GOOD.api_key), 'the key was sent back')
    }
    assert.deepEqual(await sqlRows(plan, KEYS), before)
  })
}
