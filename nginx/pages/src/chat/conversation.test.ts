import assert from 'node:assert/strict'
import { test } from 'node:test'
import { makeProblem } from '#contract/problem.ts'
import type { Api } from '../api/client.ts'
import { ApiFailure, problemTrouble } from '../api/trouble.ts'
import { createConversation } from './conversation.ts'

const bytes = new TextEncoder()
const OPTIONS = { model: undefined, thinking: false }
const START = {
  generation_id: 'g1',
  conversation_id: 'c1',
  user_message_id: 'm1',
  message_id: 'm2',
  model: 'deepseek-flash',
  request_id: 'r1',
}

/** A server of one stream at a time, whose events the test sends by hand. */
function setUp() {
  const bodies: unknown[] = []
  const posts: string[] = []
  const refusals: ApiFailure[] = []
  let controller: ReadableStreamDefaultController<Uint8Array> | undefined
  const api: Api = {
    get: () => Promise.reject(new Error('not used')),
    async post<T>(path: string): Promise<T> {
      posts.push(path)
      return {} as T
    },
    async stream(_path, body, signal) {
      const refusal = refusals.shift()
      if (refusal !== undefined) throw refusal
      bodies.push(body)
      const stream = new ReadableStream<Uint8Array>({
        start(own) {
          controller = own
          signal.addEventListener('abort', () => own.error(signal.reason))
        },
      })
      return stream
    },
  }
  const conversation = createConversation({
    api,
    now: () => 0,
    schedule: (action) => {
      queueMicrotask(action)
      return () => undefined
    },
  })
  return {
    conversation,
    bodies,
    posts,
    refusals,
    emit: (name: string, data: unknown) =>
      controller?.enqueue(bytes.encode(`event: ${name}\ndata: ${JSON.stringify(data)}\n\n`)),
    end: () => controller?.close(),
    /** Resolves once the conversation may send again. */
    idle: () =>
      new Promise<void>((resolve) => {
        conversation.phase.subscribe((phase) => {
          if (phase === 'idle') resolve()
        })
      }),
  }
}

const tick = () => new Promise((resolve) => setImmediate(resolve))
const refused = (
  code: 'rate_limited' | 'quota_exhausted' | 'storage_unavailable',
  retryAfter?: number,
) =>
  new ApiFailure(
    problemTrouble(makeProblem(code, 'r9', 'en', retryAfter === undefined ? {} : { retryAfter })),
  )

test('a message is accepted at the start event, and the next one carries the conversation', async () => {
  const { conversation, bodies, emit, idle } = setUp()
  const accepted = conversation.send('hi', OPTIONS)
  assert.equal(conversation.phase.value, 'connecting')
  await tick()
  assert.equal(conversation.turns.value.length, 0)
  emit('start', START)
  assert.equal(await accepted, true)
  emit('content', { text: 'hello' })
  emit('done', { finish_reason: 'stop', ending: 'done' })
  await idle()
  const [turn] = conversation.turns.value
  assert.equal(turn?.question, 'hi')
  assert.equal(turn?.answer.value.content, 'hello')
  assert.equal(turn?.answer.value.phase, 'done')

  void conversation.send('more', { model: 'deepseek-v4-pro', thinking: true })
  await tick()
  assert.deepEqual(bodies, [
    { message: 'hi', thinking: false },
    { message: 'more', thinking: true, conversation_id: 'c1', model: 'deepseek-v4-pro' },
  ])
})

test('a refused message leaves no turn; a limit counts down before the next send', async (t) => {
  t.mock.timers.enable({ apis: ['setInterval', 'Date'] })
  const { conversation, refusals, bodies } = setUp()
  refusals.push(refused('rate_limited', 2))
  assert.equal(await conversation.send('hi', OPTIONS), false)
  assert.equal(conversation.trouble.value?.code, 'rate_limited')
  assert.equal(conversation.waitSeconds.value, 2)
  assert.equal(await conversation.send('hi', OPTIONS), false, 'not while waiting')
  for (let ms = 0; ms < 2_000; ms += 100) t.mock.timers.tick(100)
  assert.equal(conversation.canSend.value, true)
  assert.equal(bodies.length, 0, 'nothing is sent again by itself')
})

test('nobody has to wait on the page until a quota begins anew', async () => {
  const { conversation, refusals } = setUp()
  refusals.push(refused('quota_exhausted', 40_000))
  assert.equal(await conversation.send('hi', OPTIONS), false)
  assert.equal(conversation.trouble.value?.code, 'quota_exhausted')
  assert.equal(conversation.canSend.value, true)
})

test('a stream that ends before the start event is a refusal', async () => {
  const { conversation, end } = setUp()
  const accepted = conversation.send('hi', OPTIONS)
  await tick()
  end()
  assert.equal(await accepted, false)
  assert.equal(conversation.turns.value.length, 0)
  assert.notEqual(conversation.trouble.value, undefined)
})

test('a stream that ends early leaves a cut answer', async () => {
  const { conversation, emit, end, idle } = setUp()
  const accepted = conversation.send('hi', OPTIONS)
  await tick()
  emit('start', START)
  await accepted
  emit('content', { text: 'half' })
  end()
  await idle()
  assert.equal(conversation.turns.value[0]?.answer.value.phase, 'cut')
  assert.equal(conversation.turns.value[0]?.answer.value.content, 'half')
})

test('stop asks the server and lets it say how the answer ended', async () => {
  const { conversation, posts, emit, idle } = setUp()
  const accepted = conversation.send('hi', OPTIONS)
  await tick()
  emit('start', START)
  await accepted
  const stopped = conversation.stop()
  assert.equal(conversation.turns.value[0]?.answer.value.phase, 'stopping')
  await stopped
  assert.deepEqual(posts, ['/api/chat/g1/stop'])
  emit('done', { finish_reason: null, ending: 'stopped' })
  await idle()
  assert.equal(conversation.turns.value[0]?.answer.value.phase, 'stopped')
})

test('stop before the start event gives the message back without a complaint', async () => {
  const { conversation, posts } = setUp()
  const accepted = conversation.send('hi', OPTIONS)
  await tick()
  await conversation.stop()
  assert.equal(await accepted, false)
  assert.equal(conversation.phase.value, 'idle')
  assert.equal(conversation.trouble.value, undefined)
  assert.deepEqual(posts, [])
})

test('a new conversation forgets the old one, also in the middle of an answer', async () => {
  const { conversation, bodies, emit } = setUp()
  const accepted = conversation.send('hi', OPTIONS)
  await tick()
  emit('start', START)
  await accepted
  conversation.startNew()
  assert.equal(conversation.phase.value, 'idle')
  assert.deepEqual(conversation.turns.value, [])
  void conversation.send('again', OPTIONS)
  await tick()
  assert.deepEqual(bodies.at(-1), { message: 'again', thinking: false })
})
