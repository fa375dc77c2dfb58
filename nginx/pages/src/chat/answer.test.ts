import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ChatUsage } from '#contract/chat-events.ts'
import { makeProblem } from '#contract/problem.ts'
import {
  type Answer,
  applyEvent,
  askToStop,
  beginAnswer,
  endOfStream,
  isRunning,
} from './answer.ts'
import type { ChatEvent } from './chat-event.ts'

const USAGE: ChatUsage = {
  model: 'deepseek-flash-0901',
  prompt_tokens: 10,
  cached_tokens: 4,
  completion_tokens: 6,
  reasoning_tokens: 2,
  total_tokens: 16,
  estimated: false,
  cost: '0.0000310000',
  currency: 'CNY',
  first_token_ms: 120,
  duration_ms: 900,
}

const fresh = (): Answer =>
  beginAnswer({
    generation_id: 'g1',
    conversation_id: 'c1',
    user_message_id: 'm1',
    message_id: 'm2',
    model: 'deepseek-flash',
    request_id: 'r1',
  })

function play(events: readonly [ChatEvent, number][], from: Answer = fresh()): Answer {
  return events.reduce((answer, [event, now]) => applyEvent(answer, event, now), from)
}

const reasoning = (text: string): ChatEvent => ({ name: 'reasoning', data: { text } })
const content = (text: string): ChatEvent => ({ name: 'content', data: { text } })
const done: ChatEvent = { name: 'done', data: { finish_reason: 'stop', ending: 'done' } }

test('a whole answer with reasoning', () => {
  const answer = play([
    [reasoning('先'), 1_000],
    [reasoning('想'), 2_000],
    [content('你'), 4_500],
    [content('好'), 5_000],
    [{ name: 'usage', data: USAGE }, 5_100],
    [done, 5_200],
  ])
  assert.equal(answer.reasoning, '先想')
  assert.equal(answer.reasoningMs, 3_500)
  assert.equal(answer.content, '你好')
  assert.equal(answer.model, 'deepseek-flash-0901')
  assert.equal(answer.usage, USAGE)
  assert.equal(answer.phase, 'done')
  assert.equal(isRunning(answer), false)
})

test('an answer that never reasons has no reasoning time', () => {
  assert.equal(
    play([
      [content('hi'), 1],
      [done, 2],
    ]).reasoningMs,
    undefined,
  )
})

test('an error keeps what has come so far', () => {
  const problem = makeProblem('upstream_interrupted', 'r1', 'en')
  const answer = play([
    [content('half'), 1],
    [{ name: 'error', data: problem }, 2],
  ])
  assert.equal(answer.content, 'half')
  assert.equal(answer.phase, 'failed')
  assert.equal(answer.trouble?.requestId, 'r1')
})

test('nothing changes an answer that has ended', () => {
  const ended = play([
    [content('x'), 1],
    [done, 2],
  ])
  assert.equal(play([[content('late'), 3]], ended), ended)
  assert.equal(endOfStream(ended, 4), ended)
  assert.equal(askToStop(ended), ended)
})

test('a stream without a terminal event is cut, and its reasoning time ends', () => {
  const answer = endOfStream(play([[reasoning('…'), 1_000]]), 3_000)
  assert.equal(answer.phase, 'cut')
  assert.equal(answer.reasoningMs, 2_000)
})

test('text that was on its way when stop was pressed still arrives', () => {
  const stopping = askToStop(play([[content('a'), 1]]))
  assert.equal(stopping.phase, 'stopping')
  const answer = play(
    [
      [content('b'), 2],
      [{ name: 'done', data: { finish_reason: null, ending: 'stopped' } }, 3],
    ],
    stopping,
  )
  assert.equal(answer.content, 'ab')
  assert.equal(answer.phase, 'stopped')
  assert.equal(endOfStream(stopping, 9).phase, 'stopped')
})
