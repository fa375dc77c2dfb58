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

test('a fault beyond the last token is refused', () => {
  assert.throws(() => plan('standin: tokens=3 reasoning=2 cut=6'), {
    message: "standin: cut=6 is beyond the answer's 5 tokens",
  })
  assert.throws(() => plan('standin: tokens=3 text=""'), {
    message: 'standin: tokens needs a text that is not empty',
  })
})
