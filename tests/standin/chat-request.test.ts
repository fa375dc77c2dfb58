import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ApiError } from './api-error.ts'
import { readChatRequest } from './chat-request.ts'

const USER = { role: 'user', content: 'Hello' }

function bodyWith(fields: object): string {
  return JSON.stringify({ model: 'deepseek-flash', messages: [USER], ...fields })
}

function refusalOf(body: string): string {
  try {
    readChatRequest(body)
  } catch (error) {
    assert.ok(error instanceof ApiError)
    assert.equal(error.status, 400)
    return error.message
  }
  return assert.fail(`accepted: ${body}`)
}

test('thinking is on and effort high unless the request says otherwise', () => {
  const request = readChatRequest(bodyWith({}))
  assert.equal(request.thinking, true)
  assert.equal(request.effort, 'high')
  assert.equal(request.stream, false)
  assert.equal(request.includeUsage, false)
  assert.equal(request.maxTokens, 393_216)
  assert.equal(readChatRequest(bodyWith({ thinking: { type: 'disabled' } })).thinking, false)
})

test('reasoning_effort means one of three', () => {
  const meaning = ['minimal', 'low', 'medium', 'high', 'xhigh', 'max', 'ultra'].map(
    (effort) => readChatRequest(bodyWith({ reasoning_effort: effort })).effort,
  )
  assert.deepEqual(meaning, ['low', 'low', 'high', 'high', 'high', 'max', 'max'])
})

test('a prompt counts as the real API was seen to count', () => {
  const disabled = { thinking: { type: 'disabled' } }
  assert.equal(readChatRequest(bodyWith(disabled)).promptTokens, 6)
  const messages = [{ role: 'user', content: 'Reply with OK.' }]
  assert.equal(readChatRequest(bodyWith({ messages })).promptTokens, 87)
})

test('older names are answered by Flash', () => {
  for (const model of ['deepseek-flash', 'deepseek-v4-flash', 'deepseek-v4-flash-vision-exp']) {
    assert.equal(readChatRequest(bodyWith({ model })).model.id, 'deepseek-flash')
  }
  assert.equal(readChatRequest(bodyWith({ model: 'deepseek-v4-pro' })).model.id, 'deepseek-v4-pro')
})

test('unknown models are refused', () => {
  assert.equal(refusalOf(bodyWith({ model: 'deepseek-chat' })), 'Model Not Exist')
  assert.equal(
    refusalOf(bodyWith({ model: 'gpt-4o-mini' })),
    'The supported API model names are deepseek-flash, deepseek-v4-pro, but you passed gpt-4o-mini.',
  )
})

test('an unknown role is refused with its place in the body', () => {
  const messages = [USER, { role: 'developer', content: 'x' }]
  const body = bodyWith({ messages })
  const column = body.indexOf('"developer"') + '"developer"'.length
  assert.equal(
    refusalOf(body),
    'Failed to deserialize the JSON body into the target type: messages[1].role: unknown variant ' +
      '`developer`, expected one of `system`, `user`, `assistant`, `tool`, `latest_reminder` ' +
      `at line 1 column ${column}`,
  )
})

test("wrong fields are refused with the deserializer's words", () => {
  const prefix = 'Failed to deserialize the JSON body into the target type: '
  const cases: readonly [object, string][] = [
    [{ model: undefined }, 'missing field `model`'],
    [{ messages: undefined }, 'missing field `messages`'],
    [{ messages: [{ content: 'x' }] }, 'messages[0]: missing field `role`'],
    [{ messages: [{ role: 'user' }] }, 'messages[0]: missing field `content`'],
    [{ stream: 'yes' }, 'stream: invalid type: string "yes", expected a boolean'],
    [{ max_tokens: '5' }, 'max_tokens: invalid type: string "5", expected a number'],
    [
      { thinking: { type: 'auto' } },
      'thinking.type: unknown variant `auto`, expected `enabled` or `disabled`',
    ],
  ]
  for (const [fields, problem] of cases) {
    const message = refusalOf(bodyWith(fields))
    assert.ok(message.startsWith(`${prefix}${problem} at line 1 column `), message)
  }
  assert.equal(refusalOf('{"model":'), 'Failed to parse the request body as JSON')
  assert.equal(refusalOf(bodyWith({ messages: [] })), 'Empty input messages')
})

test('max_tokens and temperature have ranges', () => {
  for (const value of [0, -1, 1.5, 393_217]) {
    assert.equal(
      refusalOf(bodyWith({ max_tokens: value })),
      'Invalid max_tokens value, the valid range of max_tokens is [1, 393216]',
    )
  }
  assert.equal(readChatRequest(bodyWith({ max_tokens: 1 })).maxTokens, 1)
  assert.equal(
    refusalOf(bodyWith({ temperature: 2.1 })),
    'Invalid temperature value, the valid range of temperature is [0, 2]',
  )
})

test('what the provider does not know it ignores, as `n` and `prefix` of the beta', () => {
  const messages = [USER, { role: 'assistant', content: 'It', prefix: true }]
  const request = readChatRequest(bodyWith({ messages, n: 1, seed: 7, store: false, made_up: {} }))
  assert.equal(request.messages.length, 2)
})

test('stop, logprobs and tools have a form', () => {
  assert.deepEqual(readChatRequest(bodyWith({ stop: 'a' })).stops, ['a'])
  assert.equal(readChatRequest(bodyWith({ logprobs: true, top_logprobs: 2 })).logprobs, 2)
  assert.equal(readChatRequest(bodyWith({ logprobs: false })).logprobs, undefined)
  const prefix = 'Failed to deserialize the JSON body into the target type: '
  const cases: readonly [object, string][] = [
    [{ stop: 1 }, `${prefix}stop: expected a string or a sequence of strings`],
    [{ stop: Array.from({ length: 17 }, String) }, 'Invalid Parameters'],
    [
      { top_logprobs: 21 },
      'Invalid top_logprobs value, the valid range of top_logprobs is [0, 20]',
    ],
    [{ tools: {} }, `${prefix}tools: expected a sequence`],
    [{ tools: [{ type: 'f' }] }, `${prefix}tools[0].type: unknown variant `],
    [{ tools: [{ type: 'function', function: {} }] }, `${prefix}tools[0].function: missing field `],
    [{ tool_choice: 'any' }, `${prefix}tool_choice: unknown variant `],
    [{ tool_choice: { type: 'function', function: { name: 'x' } } }, 'Invalid Parameters'],
  ]
  for (const [fields, problem] of cases) {
    const message = refusalOf(bodyWith(fields))
    assert.ok(message.startsWith(problem), message)
  }
})

test('response_format: json_object needs the word json, json_schema is unavailable', () => {
  const jsonObject = { response_format: { type: 'json_object' } }
  assert.equal(
    refusalOf(bodyWith(jsonObject)),
    "Prompt must contain the word 'json' in some form to use 'response_format' of type 'json_object'.",
  )
  const messages = [{ role: 'user', content: 'Answer in JSON' }]
  assert.equal(readChatRequest(bodyWith({ ...jsonObject, messages })).json, true)
  assert.equal(
    refusalOf(bodyWith({ response_format: { type: 'json_schema' } })),
    'This response_format type is unavailable now',
  )
})

test('moderation refuses the risk mark in any message', () => {
  const messages = [{ role: 'system', content: 'about standin-risk' }, USER]
  assert.equal(refusalOf(bodyWith({ messages })), 'Content Exists Risk')
})

test('a conversation beyond the context is refused with its counts', () => {
  const messages = [{ role: 'user', content: 'x'.repeat(3_495_000) }]
  const body = bodyWith({ messages, max_tokens: 100, thinking: { type: 'disabled' } })
  assert.equal(
    refusalOf(body),
    "This model's maximum context length is 1048576 tokens. However, you requested 1048604 tokens " +
      '(1048504 in the messages, 100 in the completion). Please reduce the length of the messages ' +
      'or completion.',
  )
})

test('tool turns must hand reasoning back in thinking mode', () => {
  const call = { role: 'assistant', content: '', tool_calls: [{ id: 'call_00_x' }] }
  const refused = 'The `reasoning_content` in the thinking mode must be passed back to the API.'
  assert.equal(refusalOf(bodyWith({ messages: [USER, call] })), refused)
  readChatRequest(bodyWith({ messages: [USER, { ...call, reasoning_content: 'why' }] }))
  readChatRequest(bodyWith({ messages: [USER, call], thinking: { type: 'disabled' } }))
  assert.equal(
    refusalOf(bodyWith({ messages: [USER, { role: 'assistant', content: null }] })),
    'Invalid assistant message: content or tool_calls must be set',
  )
})

test('only the vision model takes images', () => {
  const content = [
    { type: 'text', text: 'What is this?' },
    { type: 'image_url', image_url: { url: 'data:image/png;base64,AAAA' } },
  ]
  const messages = [{ role: 'user', content }]
  const [message] = readChatRequest(bodyWith({ messages })).messages
  assert.deepEqual(message, { role: 'user', text: 'What is this?', attachments: 1 })
  assert.match(
    refusalOf(bodyWith({ messages, model: 'deepseek-v4-pro' })),
    /messages\[0\]\.content\[1\]\.type: unknown variant `image_url`, expected `text`/,
  )
})
