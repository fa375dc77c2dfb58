import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { OpenAiError } from '#contract/openai-error.ts'
import { createApp } from '../app.ts'
import { fakeDeps, gateHeaders, jsonOf } from '../fake-deps.ts'

const PROGRAM = { ...gateHeaders(), 'X-Gate-User': '2', 'X-Gate-Token': '7' }

function ask(path: string, init: RequestInit = {}) {
  return createApp(fakeDeps()).request(path, { headers: PROGRAM, ...init })
}

async function errorOf(response: Response) {
  assert.equal(response.headers.get('Content-Type'), 'application/json')
  const body = await jsonOf<OpenAiError>(response)
  assert.deepEqual(Object.keys(body), ['error'])
  assert.match(body.error.message, /\S/)
  return [response.status, body.error.type, body.error.code]
}

test('programs get the models as OpenAI lists them', async () => {
  const response = await ask('/v1/models')
  assert.equal(response.status, 200)
  const { object, data } = await jsonOf<{ object: string; data: object[] }>(response)
  assert.equal(object, 'list')
  assert.ok(data.length > 0)
  assert.deepEqual(data[0], {
    id: 'deepseek-flash',
    object: 'model',
    created: 0,
    owned_by: 'deepseek',
  })
})

test('errors come in the shape that clients of OpenAI read', async () => {
  assert.deepEqual(await errorOf(await ask('/v1/nothing')), [404, 'not_found_error', 'not_found'])
  const wrongMethod = await ask('/v1/models', { method: 'DELETE' })
  assert.deepEqual(await errorOf(wrongMethod), [405, 'invalid_request_error', 'method_not_allowed'])
  assert.equal(wrongMethod.headers.get('Allow'), 'GET, HEAD')
  const large = { method: 'POST', body: 'x'.repeat(300_000) }
  assert.equal((await errorOf(await ask('/v1/chat/completions', large)))[0], 413)
  assert.equal((await errorOf(await ask('/v1/models', { headers: {} })))[0], 403)
})

test('a program may call itself another site; a browser with a session may not', async () => {
  const post = (headers: Record<string, string>) =>
    ask('/v1/models', { method: 'POST', headers: { ...headers, 'Sec-Fetch-Site': 'cross-site' } })
  assert.equal((await post(PROGRAM)).status, 405)
  for (const browser of [gateHeaders('2'), { ...gateHeaders('2'), 'X-Gate-Token': '7' }]) {
    assert.equal((await post(browser)).status, 403)
  }
})

test('a session is no token, and half an identity is none', async () => {
  const table: readonly Record<string, string>[] = [
    gateHeaders('2'),
    gateHeaders(),
    { ...gateHeaders(), 'X-Gate-User': '2' },
    { ...gateHeaders(), 'X-Gate-Token': '7' },
    { ...PROGRAM, 'X-Gate-Token': '07' },
    { ...PROGRAM, 'X-Gate-User': 'x' },
  ]
  for (const headers of table) {
    const expected = [401, 'authentication_error', 'invalid_api_key']
    assert.deepEqual(await errorOf(await ask('/v1/models', { headers })), expected)
  }
})

test('a token opens nothing but /v1', async () => {
  for (const path of ['/api/me', '/api/models', '/admin/api/keys', '/api/me/sessions']) {
    assert.equal((await ask(path)).status, 401, path)
  }
})
