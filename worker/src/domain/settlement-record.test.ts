import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fakeTurn } from './generation-fakes.ts'
import { decodeSettlement, encodeSettlement, settlementOf } from './settlement-record.ts'
import type { TurnResult } from './turn.ts'

const RESULT: TurnResult = {
  ending: 'done',
  finishReason: 'stop',
  model: 'deepseek-flash',
  tokens: { promptTokens: 9, cachedTokens: 4, completionTokens: 3, reasoningTokens: 1 },
  estimated: false,
  cost: { cost: '0.00001', currency: 'CNY', priced: true },
  firstTokenMs: 500,
  durationMs: 700,
  upstreamId: 'up-1',
  traceId: null,
  keyId: '7',
  reasoning: 'Hm.\n',
  content: 'Grüße, 世界! 🌍\u0000\u2028"\\',
}

test('a settlement comes back as it was, whatever the answer says, and is one line', () => {
  for (const estimated of [false, true]) {
    const settlement = settlementOf(fakeTurn(), { ...RESULT, estimated }, 1234)
    const text = encodeSettlement(settlement)
    assert.ok(!text.includes('\n'))
    assert.deepEqual(decodeSettlement(text), settlement)
    assert.equal(settlement.estimateMethod, estimated ? 'weights-1' : null)
  }
})

test('the prompt is not stored a second time', () => {
  const call = { ...fakeTurn().call, messages: [{ role: 'user' as const, content: 'a question' }] }
  const text = encodeSettlement(settlementOf(fakeTurn({ call }), RESULT, 1234))
  assert.ok(!text.includes('a question'))
})

test('what is no settlement is told from one', () => {
  const good = JSON.parse(encodeSettlement(settlementOf(fakeTurn(), RESULT, 1234)))
  assert.notEqual(
    decodeSettlement(JSON.stringify({ ...good, added: 'by a newer version' })),
    undefined,
  )
  for (const bad of [
    '',
    JSON.stringify(good).slice(0, -1),
    'null',
    JSON.stringify({ ...good, id: 'x' }),
    JSON.stringify({ ...good, result: { ...good.result, tokens: { promptTokens: -1 } } }),
    JSON.stringify({ ...good, result: { ...good.result, ending: 'open' } }),
    JSON.stringify({ ...good, result: { ...good.result, cost: { cost: '-1', currency: 'CNY' } } }),
  ]) {
    assert.equal(decodeSettlement(bad), undefined, bad.slice(0, 60))
  }
})
