import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createApp } from '../app.ts'
import { fakeDeps, gateHeaders, jsonOf } from '../fake-deps.ts'

function ask(headers: Record<string, string>, app = createApp(fakeDeps())) {
  return app.request('/api/openapi.json', { headers })
}

test('whoever is signed in gets the document, and keeps it while it is the same', async () => {
  const app = createApp(fakeDeps())
  const first = await ask(gateHeaders('2'), app)
  assert.equal(first.status, 200)
  assert.equal(first.headers.get('Content-Type'), 'application/json')
  assert.equal(first.headers.get('Cache-Control'), 'no-cache, private')
  const { openapi } = await jsonOf<{ openapi: string }>(first)
  assert.equal(openapi, '3.1.1')
  const tag = first.headers.get('ETag') ?? ''
  assert.match(tag, /^"[\w-]{22}"$/)
  for (const known of [tag, `W/${tag}`, `"other", W/${tag}`, '*']) {
    const again = await ask({ ...gateHeaders('2'), 'If-None-Match': known }, app)
    assert.equal(again.status, 304, known)
    assert.equal(await again.text(), '')
    assert.equal(again.headers.get('ETag'), tag)
  }
  for (const other of ['"other"', tag.slice(1, -1), '']) {
    assert.equal((await ask({ ...gateHeaders('2'), 'If-None-Match': other }, app)).status, 200)
  }
})

test('nobody else gets it', async () => {
  const response = await ask({ ...gateHeaders(), 'If-None-Match': '*' })
  assert.equal(response.status, 401)
  assert.equal(response.headers.get('ETag'), null)
})
