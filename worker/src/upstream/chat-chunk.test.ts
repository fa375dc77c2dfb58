import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { Failure } from '../failure.ts'
import { parseChatChunk, parseUsage } from './chat-chunk.ts'

const EMPTY = {
  id: null,
  model: null,
  reasoning: '',
  content: '',
  tools: '',
  finishReason: null,
  usage: null,
}

test('a piece of reasoning, of content, and the finish are read', () => {
  const piece = (delta: object, finish: string | null = null) =>
    parseChatChunk(
      JSON.stringify({
        id: '646de991',
        model: 'deepseek-flash',
        choices: [{ index: 0, delta, logprobs: null, finish_reason: finish }],
        usage: null,
      }),
    )
  const base = { ...EMPTY, id: '646de991', model: 'deepseek-flash' }
  const reasoning = piece({ content: null, reasoning_content: 'We' })
  assert.deepEqual(reasoning, { ...base, reasoning: 'We' })
  assert.deepEqual(piece({ content: '你好' }), { ...base, content: '你好' })
  assert.deepEqual(piece({ content: '' }, 'stop'), { ...base, finishReason: 'stop' })
})

test('the cache hits are found where DeepSeek and where OpenAI put them', () => {
  const deepseek = {
    prompt_tokens: 87,
    completion_tokens: 8,
    completion_tokens_details: { reasoning_tokens: 7 },
    prompt_cache_hit_tokens: 64,
    prompt_cache_miss_tokens: 23,
  }
  const counts = { promptTokens: 87, cachedTokens: 64, completionTokens: 8, reasoningTokens: 7 }
  assert.deepEqual(parseUsage(deepseek), counts)
  const openai = {
    prompt_tokens: 87,
    completion_tokens: 8,
    prompt_tokens_details: { cached_tokens: 64 },
  }
  assert.deepEqual(parseUsage(openai), { ...counts, reasoningTokens: 0 })
})

test('zero is a count, nonsense is none', () => {
  assert.deepEqual(parseUsage({ prompt_tokens: 0, completion_tokens: 0 }), {
    promptTokens: 0,
    cachedTokens: 0,
    completionTokens: 0,
    reasoningTokens: 0,
  })
  for (const usage of [
    null,
    [],
    'x',
    {},
    { prompt_tokens: 1 },
    { prompt_tokens: -1, completion_tokens: 1 },
    { prompt_tokens: 1.5, completion_tokens: 1 },
    { prompt_tokens: '1', completion_tokens: 1 },
    { prompt_tokens: 2 ** 32, completion_tokens: 1 },
  ]) {
    assert.equal(parseUsage(usage), null, JSON.stringify(usage))
  }
})

test('parts never exceed their whole', () => {
  const usage = parseUsage({
    prompt_tokens: 5,
    completion_tokens: 3,
    prompt_cache_hit_tokens: 9,
    completion_tokens_details: { reasoning_tokens: 9 },
  })
  assert.equal(usage?.cachedTokens, 5)
  assert.equal(usage?.reasoningTokens, 3)
})

test('an error inside the stream is thrown, its text kept as the cause only', () => {
  const data = JSON.stringify({ error: { message: 'Server Overloaded', type: 'server_error' } })
  assert.throws(
    () => parseChatChunk(data),
    (error) => error instanceof Failure && error.code === 'upstream_busy',
  )
})

test('any JSON object is survived, anything else is an interruption', () => {
  fc.assert(
    fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (object) => {
      fc.pre(typeof object['error'] !== 'object' || object['error'] === null)
      const chunk = parseChatChunk(JSON.stringify(object))
      assert.equal(typeof chunk.content, 'string')
    }),
  )
  assert.deepEqual(parseChatChunk('{"choices":[null]}'), EMPTY)
  assert.deepEqual(parseChatChunk('{"choices":[{"delta":{"content":7}}],"id":""}'), EMPTY)
  for (const data of ['', '{', 'null', '[]', '"x"', '<html>']) {
    assert.throws(
      () => parseChatChunk(data),
      (error) => error instanceof Failure && error.code === 'upstream_interrupted',
      data,
    )
  }
})
