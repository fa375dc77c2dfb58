import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createParser, type EventSourceMessage } from 'eventsource-parser'
import { ANSWER_START, type AnswerPosition, isPosition, parsePosition } from '../domain/answer.ts'
import { type Generation, startGeneration } from '../domain/generation.ts'
import {
  chunk,
  fakeCall,
  fakePorts,
  fakeStore,
  fakeTurn,
  quiet,
} from '../domain/generation-fakes.ts'
import { Failure } from '../failure.ts'
import { answerFrames } from './answer-frames.ts'

const USAGE = { promptTokens: 9, cachedTokens: 4, completionTokens: 3, reasoningTokens: 1 }

function start() {
  const upstream = fakeCall()
  const ports = fakePorts(upstream.call, fakeStore().store)
  return { ...upstream, generation: startGeneration(fakeTurn(), ports) }
}

function parse(frames: readonly string[]) {
  const events: EventSourceMessage[] = []
  const parser = createParser({ onEvent: (event) => events.push(event) })
  for (const text of frames) parser.feed(text)
  return events
}

async function readAll(generation: Generation, from: AnswerPosition = ANSWER_START) {
  const frames: string[] = []
  const { signal } = new AbortController()
  for await (const text of answerFrames(generation, from, 'zh-CN', signal)) frames.push(text)
  return { frames, events: parse(frames) }
}

function text(events: readonly EventSourceMessage[], part: string): string {
  return events
    .filter(({ event }) => event === part)
    .map(({ data }) => JSON.parse(data).text)
    .join('')
}

function names(events: readonly EventSourceMessage[]): string[] {
  return events.map(({ event }) => event ?? '').filter((name, i, all) => name !== all[i - 1])
}

test('a good answer: a comment at once, start, deltas with ids, usage, done', async () => {
  const { give, generation } = start()
  const reading = readAll(generation)
  for (const reasoning of ['想', '一想']) give(chunk({ reasoning }))
  for (const content of ['Hi', ' 🙂']) give(chunk({ content }))
  give(chunk({ finishReason: 'stop', usage: USAGE }))
  give('end')
  const { frames, events } = await reading
  assert.match(frames[0] ?? '', /^: ping\n\nevent: start\n/)
  assert.deepEqual(names(events), ['start', 'reasoning', 'content', 'usage', 'done'])
  assert.equal(text(events, 'reasoning'), '想一想')
  assert.equal(text(events, 'content'), 'Hi 🙂')
  assert.equal(events.findLast(({ id }) => id !== undefined)?.id, 'r9.c7')
  assert.deepEqual(JSON.parse(events[0]?.data ?? ''), {
    generation_id: '0'.repeat(32),
    conversation_id: '10',
    user_message_id: '100',
    message_id: '101',
    model: 'deepseek-flash',
    request_id: '0'.repeat(32),
  })
  assert.deepEqual(JSON.parse(events.at(-2)?.data ?? ''), {
    model: 'deepseek-flash',
    prompt_tokens: 9,
    cached_tokens: 4,
    completion_tokens: 3,
    reasoning_tokens: 1,
    total_tokens: 12,
    estimated: false,
    cost: '12',
    currency: 'CNY',
    first_token_ms: 500,
    duration_ms: 500,
  })
  assert.deepEqual(JSON.parse(events.at(-1)?.data ?? ''), { finish_reason: 'stop', ending: 'done' })
})

test('a failure is the last event, in the language of the listener, with usage if text came', async () => {
  for (const content of ['', 'half']) {
    const { give, generation } = start()
    give(chunk({ content }))
    give(new Failure('upstream_busy', { retryAfter: 7 }))
    const { events } = await readAll(generation)
    const expected = content === '' ? ['start', 'error'] : ['start', 'content', 'usage', 'error']
    assert.deepEqual(names(events), expected)
    const problem = JSON.parse(events.at(-1)?.data ?? '')
    assert.equal(problem.code, 'upstream_busy')
    assert.equal(problem.title, '模型繁忙')
    assert.equal(problem.retryAfter, 7)
    assert.equal(problem.request_id, '0'.repeat(32))
  }
})

test('a stopped answer is done', async () => {
  const { generation } = start()
  generation.stop()
  const { events } = await readAll(generation)
  assert.deepEqual(names(events), ['start', 'usage', 'done'])
  assert.equal(JSON.parse(events.at(-1)?.data ?? '').ending, 'stopped')
})

test('resumed at every id that was sent, the text is whole', async () => {
  const { give, generation } = start()
  for (const reasoning of ['想', '一', '想']) give(chunk({ reasoning }))
  for (const content of ['Grüße', ', ', '世界 🙂']) give(chunk({ content }))
  give(chunk({ finishReason: 'stop', usage: USAGE }))
  const reading = readAll(generation)
  await quiet()
  give('end')
  const { events } = await reading
  for (const [i, { id }] of events.entries()) {
    if (id === undefined) continue
    const from = parsePosition(id)
    assert.ok(from !== undefined && isPosition(generation.answer, from, false))
    const rest = (await readAll(generation, from)).events
    const before = events.slice(0, i + 1)
    for (const part of ['reasoning', 'content']) {
      assert.equal(text(before, part) + text(rest, part), text(events, part), `${part} at ${id}`)
    }
    assert.deepEqual(names(rest).slice(-2), ['usage', 'done'])
  }
})

test('deltas that come together are sent together, the first one at once', async () => {
  const { give, generation } = start()
  const reading = readAll(generation)
  await quiet()
  give(chunk({ content: 'first' }))
  await quiet()
  for (let i = 0; i < 100; i += 1) {
    give(chunk({ content: 'x' }))
    await new Promise((resolve) => setImmediate(resolve))
  }
  give(chunk({ finishReason: 'stop', usage: USAGE }))
  give('end')
  const deltas = (await reading).events.filter(({ event }) => event === 'content')
  assert.equal(JSON.parse(deltas[0]?.data ?? '').text, 'first')
  assert.ok(deltas.length < 50, `${deltas.length} events for 101 deltas`)
})

test('an end that comes while an event is being sent is not slept through', {
  timeout: 5000,
}, async () => {
  const { give, generation } = start()
  const frames = answerFrames(generation, ANSWER_START, 'en', new AbortController().signal)
  give(chunk({ content: 'all', finishReason: 'stop', usage: USAGE }))
  await quiet()
  const seen: string[] = []
  for await (const frame of frames) {
    seen.push(frame)
    if (frame.startsWith('event: content')) {
      give('end')
      await quiet()
    }
  }
  assert.match(seen.at(-1) ?? '', /^event: usage\n.*\n\nevent: done\n/)
})

test('a listener that leaves ends its stream and nothing else', async () => {
  const { give, generation, isAborted } = start()
  const leave = new AbortController()
  const reading = (async () => {
    const frames: string[] = []
    for await (const frame of answerFrames(generation, ANSWER_START, 'en', leave.signal)) {
      frames.push(frame)
    }
    return parse(frames)
  })()
  give(chunk({ content: 'half' }))
  await quiet()
  leave.abort()
  assert.deepEqual(names(await reading), ['start', 'content'])
  assert.equal(isAborted(), false)
  assert.equal(generation.end(), undefined)
  generation.stop()
})
