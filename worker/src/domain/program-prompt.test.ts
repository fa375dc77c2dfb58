import assert from 'node:assert/strict'
import { test } from 'node:test'
import { promptSize } from './program-prompt.ts'
import { MESSAGE_OVERHEAD, THINKING_OVERHEAD } from './token-estimate.ts'

const OFF = { type: 'disabled' }

test('everything that the model reads is counted', () => {
  const size = (message: object, thinking: unknown = OFF) =>
    promptSize({ messages: [{ role: 'user', ...message }], thinking }, 100).tokens
  const ten = 'x'.repeat(10)
  assert.equal(size({ content: ten }), MESSAGE_OVERHEAD + 3)
  const unsaid = promptSize({ messages: [{ content: ten }] }, 100)
  assert.equal(unsaid.tokens, MESSAGE_OVERHEAD + 3 + THINKING_OVERHEAD)
  assert.equal(size({ content: ten }, null), MESSAGE_OVERHEAD + 3 + THINKING_OVERHEAD)
  assert.equal(size({ content: ten, name: ten, reasoning_content: ten }), MESSAGE_OVERHEAD + 9)
  assert.equal(size({ content: [{ type: 'text', text: ten }] }), MESSAGE_OVERHEAD + 3)
  const tool_calls = [{ id: 'c', function: { name: ten, arguments: ten } }, 7]
  assert.equal(size({ content: null, tool_calls }), MESSAGE_OVERHEAD + 6)
  const tools = promptSize({ messages: [], thinking: OFF }, 100, ten)
  assert.equal(tools.tokens, 3)
})

test('the data of pictures is no text, and they are counted by number', () => {
  const url = `data:image/png;base64,${'A'.repeat(1000)}`
  const content = [
    { type: 'text', text: 'What is it?' },
    { type: 'image_url', image_url: { url } },
    { type: 'file', file_id: 'file-api-1' },
  ]
  const { bytes, attachments } = promptSize({ messages: [{ content }] }, 2000)
  assert.deepEqual([bytes, attachments], [2000 - url.length, 2])
})

test('what has another form counts nothing and harms nothing', () => {
  const messages = [{ content: 7 }, { content: [null, 'x', []] }, { tool_calls: {} }, {}]
  assert.equal(
    promptSize({ messages, thinking: OFF }, 10).tokens,
    messages.length * MESSAGE_OVERHEAD,
  )
})
