import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { TokenCounts } from './price.ts'
import { receivedTokens } from './token-estimate.ts'
import type { TurnEnding } from './turn.ts'
import type { ChatChunk } from './upstream-event.ts'
import { chargedTokens, createUsageMeter } from './usage-meter.ts'

const USAGE: TokenCounts = {
  promptTokens: 50,
  cachedTokens: 32,
  completionTokens: 20,
  reasoningTokens: 5,
}
const PREMATURE: TokenCounts = { ...USAGE, completionTokens: 0, reasoningTokens: 0 }
const ZERO = { promptTokens: 0, cachedTokens: 0, completionTokens: 0, reasoningTokens: 0 }

function chunk(finishReason: string | null, usage: TokenCounts | null): ChatChunk {
  return { id: null, model: null, reasoning: '', content: '', tools: '', finishReason, usage }
}

function meterOf(...chunks: ChatChunk[]) {
  const meter = createUsageMeter()
  for (const piece of chunks) meter.onChunk(piece)
  return {
    read: (ending: TurnEnding, reasoning: string, content: string) =>
      chargedTokens(meter.state(), 40, ending, receivedTokens(reasoning, content)),
  }
}

test('the count that came with or after the finish reason holds', () => {
  const exact = { tokens: USAGE, estimated: false }
  assert.deepEqual(meterOf(chunk('stop', USAGE)).read('done', 'xx', 'yy'), exact)
  const extra = meterOf(chunk(null, PREMATURE), chunk('stop', null), chunk(null, USAGE))
  assert.deepEqual(extra.read('done', '', ''), exact)
  const stopped = meterOf(chunk('stop', USAGE), chunk(null, null))
  assert.deepEqual(stopped.read('stopped', '', ''), exact)
})

test('a premature count never makes an answer free', () => {
  const { tokens, estimated } = meterOf(chunk(null, PREMATURE), chunk(null, null)).read(
    'stopped',
    'x'.repeat(10),
    'y'.repeat(20),
  )
  assert.equal(estimated, true)
  assert.deepEqual(tokens, { ...PREMATURE, completionTokens: 9, reasoningTokens: 3 })
})

test('without a count prompt and answer are estimated', () => {
  const { tokens, estimated } = meterOf(chunk('stop', null)).read('done', '', '世'.repeat(10))
  assert.equal(estimated, true)
  assert.deepEqual(tokens, { ...ZERO, promptTokens: 40, completionTokens: 6 })
})

test('a provider that failed before its first piece costs nothing', () => {
  for (const ending of ['upstream_error', 'timeout'] as const) {
    assert.deepEqual(meterOf().read(ending, '', ''), { tokens: ZERO, estimated: false })
    assert.equal(meterOf(chunk(null, null)).read(ending, '', '').tokens.promptTokens, 40)
  }
})

test('a call that we ended ourselves is charged for its prompt', () => {
  for (const ending of ['stopped', 'client_gone', 'interrupted'] as const) {
    assert.deepEqual(meterOf().read(ending, '', ''), {
      tokens: { ...ZERO, promptTokens: 40 },
      estimated: true,
    })
  }
})
