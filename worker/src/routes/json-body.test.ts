import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Problem } from '#contract/problem.ts'
import { createApp } from '../app.ts'
import { fakeDeps, gateHeaders } from '../fake-deps.ts'

async function refusal(body: string, lang = 'en') {
  const response = await createApp(fakeDeps()).request('/api/conversations', {
    method: 'POST',
    headers: { ...gateHeaders('2'), 'Content-Type': 'application/json', 'Accept-Language': lang },
    body,
  })
  assert.equal(response.status, 400)
  const text = await response.text()
  return { text, errors: (JSON.parse(text) as Problem).errors ?? [] }
}

test('each unknown field is told by itself', async () => {
  const { errors } = await refusal('{"title":7,"colour":1,"size":2}')
  assert.deepEqual(errors.map(({ field }) => field).sort(), ['colour', 'size', 'title'])
  const messages = errors.map(({ message }) => message).join()
  assert.match(messages, /Unrecognized key: "colour",Unrecognized key: "size"/)
  const chinese = await refusal('{"colour":1}', 'zh-CN')
  assert.match(chinese.errors[0]?.message ?? '', /\p{Script=Han}.*colour/u)
})

test('however much is wrong, the answer is short', async () => {
  const fields = Array.from({ length: 20_000 }, (_, index) => [`k${index}`, 1])
  const many = await refusal(JSON.stringify(Object.fromEntries(fields)))
  assert.equal(many.errors.length, 50)
  assert.ok(many.text.length < 10_000, `${many.text.length} characters`)
  const long = await refusal(JSON.stringify({ ['🐋'.repeat(40_000)]: 1 }))
  assert.ok(long.text.length < 2000, `${long.text.length} characters`)
})
