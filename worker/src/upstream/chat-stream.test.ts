import assert from 'node:assert/strict'
import { Readable } from 'node:stream'
import { test } from 'node:test'
import type { ChatChunk } from '../domain/upstream-event.ts'
import { Failure } from '../failure.ts'
import { readChatStream } from './chat-stream.ts'

/** Longer than any of these tests. */
const LIMITS = { firstPayloadMs: 60_000, idleMs: 60_000, finishMs: 5000, answerMs: 60_000 }

/** Chunks in the shape of DeepSeek's streams: key order, null usage, the finish on the last. */
function chunk(delta: object, finish: string | null = null, usage: object | null = null): string {
  const choices = [{ index: 0, delta, logprobs: null, finish_reason: finish }]
  return event({ ...HEAD, choices, usage })
}

function event(value: object): string {
  return `data: ${JSON.stringify(value)}\n\n`
}

const HEAD = {
  id: '646de991-2676-41d8-b931-0c543031f7b0',
  object: 'chat.completion.chunk',
  created: 1786782799,
  model: 'deepseek-flash',
  system_fingerprint: 'a26a7955944dc5c60445bff77fac9c8e',
}

const USAGE = {
  prompt_tokens: 87,
  completion_tokens: 8,
  total_tokens: 95,
  prompt_tokens_details: { cached_tokens: 64 },
  completion_tokens_details: { reasoning_tokens: 7 },
  prompt_cache_hit_tokens: 64,
  prompt_cache_miss_tokens: 23,
}
const DONE = 'data: [DONE]\n\n'

const THINKING =
  chunk({ role: 'assistant', content: null, reasoning_content: '' }) +
  chunk({ content: null, reasoning_content: '想一想' }) +
  chunk({ content: 'Grüße, 世界 🙂', reasoning_content: null }) +
  chunk({ content: '', reasoning_content: null }, 'stop', USAGE) +
  DONE
const PLAIN =
  chunk({ role: 'assistant', content: '' }) +
  chunk({ content: 'Grüße, ' }) +
  chunk({ content: '世界 🙂' }) +
  chunk({ content: '' }, 'stop', USAGE) +
  DONE
const tool = (call: object) => chunk({ tool_calls: [{ index: 0, ...call }] })
const TOOL =
  chunk({ role: 'assistant', content: 'Grüße, 世界 🙂' }) +
  tool({ id: 'call_00_a', type: 'function', function: { name: 'weather', arguments: '' } }) +
  tool({ function: { arguments: '{"city":"北京"}' } }) +
  chunk({ content: '', reasoning_content: null }, 'tool_calls', USAGE) +
  DONE

/** Streams that all hold the content `Grüße, 世界 🙂` and one usage. */
const STREAMS: Readonly<Record<string, string>> = {
  thinking: THINKING,
  'not thinking': PLAIN,
  'tool call': TOOL,
  'CRLF framing': PLAIN.replaceAll('\n', '\r\n'),
  'keep-alive comments': `: keep-alive\n\n${PLAIN.replaceAll('\n\n', '\n\n: keep-alive\n\n')}`,
  'usage key absent until the last chunk': PLAIN.replaceAll(',"usage":null', ''),
  'usage in an extra chunk without choices':
    chunk({ content: 'Grüße, 世界 🙂' }) +
    chunk({}, 'stop') +
    event({ ...HEAD, choices: [], usage: USAGE }) +
    DONE,
  'no end mark': PLAIN.replace(DONE, ''),
}

async function read(pieces: readonly Uint8Array[]) {
  const chunks: ChatChunk[] = []
  const body = Readable.from(pieces.map((piece) => Buffer.from(piece)))
  for await (const piece of readChatStream(body, LIMITS)) chunks.push(piece)
  return {
    reasoning: chunks.map((piece) => piece.reasoning).join(''),
    content: chunks.map((piece) => piece.content).join(''),
    finish: chunks.findLast((piece) => piece.finishReason !== null)?.finishReason,
    usage: chunks.findLast((piece) => piece.usage !== null)?.usage,
  }
}

function interrupted(error: unknown): boolean {
  return error instanceof Failure && error.code === 'upstream_interrupted'
}

for (const [name, text] of Object.entries(STREAMS)) {
  test(`${name}: cut in two at any byte, the answer is the same`, async () => {
    const bytes = new TextEncoder().encode(text)
    const expected = {
      reasoning: name === 'thinking' ? '想一想' : '',
      content: 'Grüße, 世界 🙂',
      finish: name === 'tool call' ? 'tool_calls' : 'stop',
      usage: { promptTokens: 87, cachedTokens: 64, completionTokens: 8, reasoningTokens: 7 },
    }
    for (let at = 0; at <= bytes.length; at += 1) {
      assert.deepEqual(await read([bytes.subarray(0, at), bytes.subarray(at)]), expected, `${at}`)
    }
    assert.deepEqual(await read(Array.from(bytes, (byte) => Uint8Array.of(byte))), expected)
  })
}

test('a body that ends before the finish reason is an interruption', async () => {
  for (const text of ['', '\n\n\n', ': keep-alive\n\n', chunk({ content: 'half' })]) {
    await assert.rejects(read([new TextEncoder().encode(text)]), interrupted, text)
  }
})

test('a connection cut after the finish reason leaves the answer whole', async () => {
  async function* cut() {
    yield Buffer.from(chunk({ content: 'all' }) + chunk({}, 'length', USAGE))
    throw new Error('ECONNRESET')
  }
  const finishes: (string | null)[] = []
  for await (const piece of readChatStream(Readable.from(cut()), LIMITS))
    finishes.push(piece.finishReason)
  assert.deepEqual(finishes, [null, 'length'])
})

test('an event without end does not grow in memory without bound', async () => {
  const piece = Buffer.from('data: '.padEnd(700_000, 'x'))
  await assert.rejects(read([piece, piece]), interrupted)
})

test('a body stays readable to its end after the end mark, so that its connection is kept', async () => {
  const body = Readable.from([Buffer.from(PLAIN), Buffer.from('rest')])
  const closed = new Promise((resolve) => body.once('end', resolve))
  for await (const piece of readChatStream(body, LIMITS)) assert.notEqual(piece, undefined)
  await closed
})
