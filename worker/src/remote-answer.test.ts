import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createAnswer } from './domain/answer.ts'
import { overAnswer } from './domain/live-answer.ts'
import { Failure } from './failure.ts'
import { followRemote } from './remote-answer.ts'
import type { StoredAnswer } from './stores/ended-answers.ts'
import type { ReadEntry } from './stores/generation-stream.ts'

const START = {
  generation_id: 'a'.repeat(32),
  conversation_id: '1',
  user_message_id: '2',
  message_id: '3',
  model: 'deepseek-flash',
  request_id: 'a'.repeat(32),
}

function entry(at: string, from: number, content: string): ReadEntry {
  return { at, text: { from: { reasoning: 0, content: from }, reasoning: '', content } }
}

/** A Redis and a MySQL that the test plays; each look takes the next of `looks`. */
function follow(
  looks: (readonly ReadEntry[] | undefined | Failure)[],
  stored: StoredAnswer | Failure | undefined = undefined,
  stepMs = 1000,
) {
  const afters: (string | undefined)[] = []
  let at = 0
  const gone = new AbortController()
  const live = followRemote(
    {
      stream: {
        async readAfter(_uid, _id, after) {
          afters.push(after)
          const look = looks.length === 0 ? [] : looks.shift()
          if (look instanceof Failure) throw look
          return look
        },
      },
      ended: {
        async find() {
          if (stored instanceof Failure) throw stored
          return stored
        },
      },
      news: () => new Promise((resolve) => setImmediate(resolve)),
      now: () => {
        at += stepMs
        return at
      },
    },
    '1',
    START,
    [entry('1-0', 0, 'Hel')],
    gone.signal,
  )
  return { live, afters, gone }
}

async function endOf(live: ReturnType<typeof follow>['live']) {
  for (;;) {
    const end = live.end()
    if (end !== undefined) return end
    await live.changed()
  }
}

function wholeAnswer(content: string): StoredAnswer {
  const answer = createAnswer()
  answer.content.append(content)
  const end = {
    ending: 'done',
    finishReason: 'stop',
    usage: undefined,
    failure: undefined,
  } as const
  return { start: START, over: overAnswer(START, answer, end) }
}

test('what is told is appended, and the stored row ends it with its rest', async () => {
  const { live, afters } = follow([[entry('2-0', 3, 'lo')], undefined], wholeAnswer('Hello, world'))
  assert.equal((await endOf(live)).ending, 'done')
  assert.equal(live.answer.content.toString(), 'Hello, world')
  assert.deepEqual(afters, ['1-0', '2-0'])
})

test('an end that is told while nothing can be stored ends it', async () => {
  const failure = new Failure('upstream_busy')
  const end = { ending: 'upstream_error', finishReason: null, usage: undefined, failure } as const
  const { live } = follow([[{ at: '2-0', end }]])
  assert.equal((await endOf(live)).failure?.code, 'upstream_busy')
})

test('a Redis that is away, or has lost it, is asked again', async () => {
  const open = { start: START, over: undefined }
  const away = new Failure('session_store_unavailable')
  const end = {
    ending: 'done',
    finishReason: 'stop',
    usage: undefined,
    failure: undefined,
  } as const
  const { live, afters } = follow(
    [away, undefined, [entry('9-0', 0, 'Hello'), { at: '9-1', end }]],
    open,
  )
  await endOf(live)
  assert.equal(live.answer.content.toString(), 'Hello')
  assert.deepEqual(afters, ['1-0', '1-0', undefined])
})

test('an answer of which nothing is left ends with an error', async () => {
  assert.equal((await endOf(follow([undefined]).live)).failure?.code, 'generation_not_found')
})

test('without any sign of Redis or MySQL for minutes it is given up', async () => {
  const { live } = follow([], new Failure('storage_unavailable'), 20_000)
  assert.equal((await endOf(live)).failure?.code, 'storage_unavailable')
})

test('nobody asks any more when the reader is gone', async () => {
  const { gone, afters } = follow([], undefined, 0)
  gone.abort()
  await new Promise((resolve) => setTimeout(resolve, 20))
  assert.deepEqual(afters, [])
})

test('a queued answer of which nothing is told is waited for as long as its row is open', async () => {
  const open: { over: StoredAnswer['over'] } = { over: undefined }
  const stored = { start: START, ...open }
  const { live } = follow([], stored, 20_000)
  for (let n = 0; n < 100; n += 1) await new Promise((resolve) => setImmediate(resolve))
  assert.equal(live.end(), undefined)
  Object.assign(stored, wholeAnswer('Hello'))
  assert.equal((await endOf(live)).ending, 'done')
  assert.equal(live.answer.content.toString(), 'Hello')
})
