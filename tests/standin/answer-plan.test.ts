import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type AnswerPlan, planAnswer } from './answer-plan.ts'
import { readChatRequest } from './chat-request.ts'
import { parseDirectives } from './directives.ts'
import { joinTokens } from './tokens.ts'

function plan(content: string, fields: object = {}): AnswerPlan {
  const messages = [{ role: 'user', content }]
  const request = readChatRequest(JSON.stringify({ model: 'deepseek-flash', messages, ...fields }))
  return planAnswer(request, parseDirectives(content), 0)
}

test('the default answer depends on the question alone and speaks its language', () => {
  const english = joinTokens(plan('Why is the sky blue?').content)
  assert.equal(joinTokens(plan('Why is the sky blue?\nstandin: delay=0').content), english)
  assert.notEqual(joinTokens(plan('Why is the sea blue?').content), english)
  assert.match(english, /^This answer comes from a local stand-in/)
  assert.match(joinTokens(plan('天空为什么是蓝色的？').content), /^这是本地 DeepSeek 替身的回答/)
})

test('it is paced for a reader unless told otherwise', () => {
  assert.equal(plan('Hello').delayMs, 15)
  assert.equal(plan('standin: delay=0').delayMs, 0)
})

test('tokens and reasoning set exact lengths', () => {
  const script = 'standin: tokens=250 reasoning=120'
  const answer = plan(script)
  assert.equal(answer.content.length, 250)
  assert.equal(answer.reasoning.length, 120)
  assert.equal(answer.usage.completion_tokens, 370)
  assert.equal(plan(script, { thinking: { type: 'disabled' } }).reasoning.length, 0)
})

test('more effort reasons longer', () => {
  const lengths = ['low', 'high', 'max'].map(
    (effort) => plan('Hello', { reasoning_effort: effort }).reasoning.length,
  )
  assert.deepEqual(
    lengths,
    [...lengths].sort((a, b) => a - b),
  )
  assert.equal(new Set(lengths).size, 3)
})

test('reasoning counts against max_tokens, and an answer that does not fit ends by length', () => {
  const starved = plan('standin: tokens=5 reasoning=7', { max_tokens: 7 })
  assert.equal(starved.content.length, 0)
  assert.equal(starved.reasoning.length, 7)
  assert.equal(starved.finishReason, 'length')
  const exact = plan('standin: tokens=5 reasoning=7', { max_tokens: 12 })
  assert.equal(exact.finishReason, 'stop')
})

test('a JSON answer is a JSON object', () => {
  const json = { response_format: { type: 'json_object' } }
  const text = joinTokens(plan('standin: text="say \\"json\\""', json).content)
  assert.deepEqual(JSON.parse(text), { answer: 'say "json"' })
})

const WEATHER = {
  type: 'function',
  function: {
    name: 'weather',
    parameters: {
      type: 'object',
      properties: {
        city: { type: 'string' },
        unit: { enum: ['C', 'F'] },
        days: { type: 'integer' },
      },
    },
  },
}
const CLOCK = { type: 'function', function: { name: 'clock' } }
const TOOLS = { tools: [WEATHER, CLOCK], thinking: { type: 'disabled' } }

test('tools are called in turn, with arguments that fit their schemas', () => {
  const { calls, content, finishReason, usage } = plan('standin: tools=3', TOOLS)
  assert.deepEqual(
    calls.map(({ name, fragments }) => [name, JSON.parse(fragments.join(''))]),
    [
      ['weather', { city: 'text', unit: 'C', days: 1 }],
      ['clock', {}],
      ['weather', { city: 'text', unit: 'C', days: 1 }],
    ],
  )
  assert.equal(finishReason, 'tool_calls')
  assert.equal(content.length, 0)
  const pieces = calls.reduce((sum, { fragments }) => sum + fragments.length, 0)
  assert.equal(usage.completion_tokens, pieces + 3 * 34)
  const spoken = plan('standin: tools=1 text="I will look."', TOOLS)
  assert.equal(joinTokens(spoken.content), 'I will look.')
})

test('a model calls no tool of its own accord, unless it has to', () => {
  assert.equal(plan('Hello', TOOLS).calls.length, 0)
  assert.equal(plan('Hello', { ...TOOLS, tool_choice: 'required' }).calls.length, 1)
  const clock = { type: 'function', function: { name: 'clock' } }
  const named = plan('standin: tools=2', { ...TOOLS, tool_choice: clock })
  assert.deepEqual(
    named.calls.map(({ name }) => name),
    ['clock', 'clock'],
  )
  assert.throws(() => plan('standin: tools=1'), {
    message: 'standin: tools needs a request with tools',
  })
  assert.throws(() => plan('standin: tools=1', { ...TOOLS, tool_choice: 'none' }), {
    message: 'standin: tools needs another tool_choice than none',
  })
})

test('tool calls that do not fit max_tokens end by length', () => {
  const whole = plan('standin: tools=2', TOOLS)
  const fits = whole.usage.completion_tokens
  assert.equal(plan('standin: tools=2', { ...TOOLS, max_tokens: fits }).finishReason, 'tool_calls')
  const cut = plan('standin: tools=2', { ...TOOLS, max_tokens: fits - 1 })
  assert.equal(cut.finishReason, 'length')
  assert.equal(cut.usage.completion_tokens, fits - 1)
  assert.equal(plan('standin: tools=2', { ...TOOLS, max_tokens: 34 }).calls.length, 0)
})

test('an answer ends before a stop sequence, wherever it begins', () => {
  const stopped = (stop: unknown) =>
    plan('standin: text="one two three four"', { stop, thinking: { type: 'disabled' } })
  const table: readonly (readonly [unknown, string, number])[] = [
    ['three', 'one two ', 3],
    ['wo th', 'one t', 2],
    [['four', ' two'], 'one', 1],
    [['five', ''], 'one two three four', 4],
    ['one', '', 0],
    [null, 'one two three four', 4],
  ]
  for (const [stop, text, tokens] of table) {
    const { content, finishReason, usage } = stopped(stop)
    assert.equal(joinTokens(content), text, JSON.stringify(stop))
    assert.equal(usage.completion_tokens, tokens)
    assert.equal(finishReason, 'stop')
  }
})

test('a fault after the finish chunk needs a stream', () => {
  assert.equal(plan('standin: cut=finish', { stream: true }).fault?.after, 'finish')
  assert.throws(() => plan('standin: cut=finish'), {
    message: 'standin: cut=finish needs a stream',
  })
})

test('a fault beyond the last token is refused', () => {
  assert.throws(() => plan('standin: tokens=3 reasoning=2 cut=6'), {
    message: "standin: cut=6 is beyond the answer's 5 tokens",
  })
  assert.throws(() => plan('standin: tokens=3 text=""'), {
    message: 'standin: tokens needs a text that is not empty',
  })
})
