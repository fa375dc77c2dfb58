import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Role } from '#contract/session.ts'
import { createApp } from '../app.ts'
import { fakeDeps, gateHeaders, jsonOf, testEnv } from '../fake-deps.ts'
import type { NewApiKey } from '../stores/api-keys.ts'

const KEY = 'sk-0123456789abcdef'

async function post(body: object, role: Role = 'admin') {
  const stored: NewApiKey[] = []
  const base = fakeDeps({ env: testEnv({ standinUrl: 'http://127.0.0.1:9146' }) })
  const keys = {
    ...base.keys,
    put: async (key: NewApiKey) => {
      stored.push(key)
      return { id: '7', baseUrl: key.baseUrl ?? null }
    },
  }
  const response = await createApp({ ...base, keys }).request('/admin/api_key', {
    method: 'POST',
    headers: { ...gateHeaders('1', role), 'Content-Type': 'application/json' },
    body: JSON.stringify(body),
  })
  const answer = await jsonOf<{ code?: string; errors?: { field: string }[] }>(response)
  return { status: response.status, answer, stored }
}

test('a key is stored, and only its end is answered', async () => {
  const { status, answer, stored } = await post({ api_key: KEY })
  assert.equal(status, 200)
  assert.deepEqual(answer, {
    ...{ id: '7', alias: 'default', last4: 'cdef', base_url: 'https://api.deepseek.com' },
  })
  // What is not given is for the row to say.
  const rest = { baseUrl: undefined, weight: undefined, account: undefined }
  assert.deepEqual(stored, [{ alias: 'default', secret: KEY, ...rest }])
})

test('alias, base URL, weight and account may be given', async () => {
  const more = { alias: 'team-b', base_url: 'https://llm.example/v1/', weight: 5, account: 'ours' }
  const { stored } = await post({ api_key: KEY, ...more })
  assert.deepEqual(stored, [
    { alias: 'team-b', secret: KEY, baseUrl: 'https://llm.example/v1', weight: 5, account: 'ours' },
  ])
})

test('what is wrong is named, and nothing is stored', async () => {
  const table: readonly (readonly [object, string])[] = [
    [{}, 'api_key'],
    [{ api_key: 'short' }, 'api_key'],
    [{ api_key: 'sk-with a space' }, 'api_key'],
    [{ api_key: 'sk-密钥密钥密钥' }, 'api_key'],
    [{ api_key: 'x'.repeat(257) }, 'api_key'],
    [{ api_key: KEY, alias: 'Team B' }, 'alias'],
    [{ api_key: KEY, alias: 'standin' }, 'alias'],
    [{ api_key: KEY, base_url: 'http://llm.example' }, 'base_url'],
    [{ api_key: KEY, base_url: 'http://localhost:9146' }, 'base_url'],
    [{ api_key: KEY, weight: 0 }, 'weight'],
    [{ api_key: KEY, weight: 1.5 }, 'weight'],
    [{ api_key: KEY, account: 'Ours' }, 'account'],
    [{ api_key: KEY, extra: 1 }, 'extra'],
  ]
  for (const [body, field] of table) {
    const { status, answer, stored } = await post(body)
    assert.equal(status, 400, JSON.stringify(body))
    assert.equal(answer.errors?.[0]?.field, field, JSON.stringify(body))
    assert.deepEqual(stored, [])
  }
})

test('keys are the business of admins', async () => {
  const { status, answer, stored } = await post({ api_key: KEY }, 'user')
  assert.deepEqual([status, answer.code, stored.length], [403, 'admin_only', 0])
  const response = await createApp(fakeDeps()).request('/admin/api/keys', {
    headers: gateHeaders('2'),
  })
  assert.equal(response.status, 403)
})
