import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type AbandonedCall, settleAbandoned } from './abandoned-call.ts'
import type { PartialAnswer } from './partial-answer.ts'
import type { PriceBook } from './price.ts'
import { UNSERVED } from './usage-meter.ts'

const STARTED = Date.parse('2026-11-21T02:00:00Z')

const BOOK: PriceBook = {
  rows: [
    {
      model: 'deepseek-flash',
      currency: 'CNY',
      validFrom: 0,
      tier: 'off_peak',
      hit: '0.02',
      miss: '1',
      output: '4',
    },
  ],
  aliases: new Map(),
  holidays: new Set(),
}

const CALL: AbandonedCall = {
  id: 'a'.repeat(32),
  uid: '1',
  messageId: '11',
  model: 'deepseek-flash',
  promptEstimate: 40,
  startedAt: STARTED,
  seenMs: 2000,
  silentMs: 40_000,
}

const PARTIAL: PartialAnswer = {
  reasoning: '',
  content: 'x'.repeat(10),
  finishReason: null,
  model: 'deepseek-flash',
  firstTokenMs: 300,
  upstreamId: 'up',
  traceId: 'trace',
  keyId: '7',
  meter: { ...UNSERVED, served: true },
  received: { reasoning: 0, rest: 3 },
}

const AT = STARTED + 60_000

test('what the dead worker had told is charged and kept', () => {
  const { result, estimateMethod, at } = settleAbandoned(CALL, PARTIAL, BOOK, AT)
  assert.equal(result.ending, 'interrupted')
  assert.deepEqual([result.tokens.promptTokens, result.tokens.completionTokens], [40, 3])
  assert.equal(result.cost.cost, '0.000052')
  assert.equal(result.content, PARTIAL.content)
  assert.deepEqual([result.estimated, estimateMethod, at], [true, 'weights-1', AT])
  assert.deepEqual([result.firstTokenMs, result.durationMs], [300, 2000])
})

test("the provider's final count holds if it had come", () => {
  const usage = { promptTokens: 50, cachedTokens: 32, completionTokens: 20, reasoningTokens: 0 }
  const partial = { ...PARTIAL, meter: { served: true, usage, isFinal: true } }
  const { result, estimateMethod } = settleAbandoned(CALL, partial, BOOK, AT)
  assert.deepEqual(result.tokens, usage)
  assert.deepEqual([result.estimated, estimateMethod], [false, null])
})

test('without a trace of an answer the prompt is charged, and that is said', () => {
  const { result, estimateMethod } = settleAbandoned(CALL, undefined, BOOK, AT)
  assert.deepEqual([result.tokens.promptTokens, result.tokens.completionTokens], [40, 0])
  assert.deepEqual([result.estimated, estimateMethod], [true, 'prompt-1'])
  assert.equal(result.cost.cost, '0.00004')
})

test('a call that was never sent costs nothing', () => {
  const { result } = settleAbandoned(CALL, 'never sent', BOOK, AT)
  assert.equal(result.tokens.promptTokens, 0)
  assert.equal(result.cost.cost, '0')
})
