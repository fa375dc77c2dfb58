import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import {
  buildPrompt,
  CONTEXT_MESSAGES,
  DEFAULT_WINDOW,
  promptRoom,
  type StoredMessage,
  titleOf,
} from './conversation-context.ts'
import { estimatePromptTokens } from './token-estimate.ts'

function user(content: string, tokens: number | null = null): StoredMessage {
  return { role: 'user', content, tokens }
}

function assistant(content: string, tokens: number | null = null): StoredMessage {
  return { role: 'assistant', content, tokens }
}

const ROOM = 1000

/** The texts of a prompt. */
function said(message: StoredMessage, earlier: readonly StoredMessage[], room = ROOM) {
  return buildPrompt(message, earlier, room).messages.map(({ content }) => content)
}

test('the chain comes in the order it was spoken, the new message last', () => {
  const { messages } = buildPrompt(user('c'), [assistant('b'), user('a')], ROOM)
  assert.deepEqual(messages, [
    { role: 'user', content: 'a' },
    { role: 'assistant', content: 'b' },
    { role: 'user', content: 'c' },
  ])
  assert.deepEqual(said(user('c'), []), ['c'])
})

test('the oldest messages that do not fit are left out, never a part of one', () => {
  // Each message costs four tokens more than its text; together exactly the room.
  const earlier = [assistant('b', 486), user('fits', 500), assistant('c', 1), user('older', 1)]
  assert.deepEqual(said(user('new', 2), earlier), ['fits', 'b', 'new'])
  assert.deepEqual(said(user('new', 3), earlier), ['new'])
})

test('a message that is larger than the room goes in by itself', () => {
  assert.deepEqual(said(user('new', ROOM + 1), [assistant('b'), user('a')]), ['new'])
})

test('an answer without its question is left out', () => {
  assert.deepEqual(said(user('new'), [assistant('b'), user('long', ROOM)]), ['new'])
})

test('a question that was answered with nothing is left out with its answer', () => {
  const earlier = [assistant(''), user('failed'), assistant('b'), user('a')]
  assert.deepEqual(said(user('new'), earlier), ['a', 'b', 'new'])
})

test('the room is what the longest answer leaves of the window, at least half of it', () => {
  assert.equal(promptRoom(DEFAULT_WINDOW), 655_360)
  assert.equal(promptRoom({ contextTokens: 8000, maxOutputTokens: 8000 }), 4000)
})

test('the prompt keeps its bounds and begins with a question', () => {
  const messages = fc.array(
    fc.record({
      role: fc.constantFrom<'user' | 'assistant'>('user', 'assistant'),
      content: fc.constantFrom('', 'word '.repeat(40), '世界'.repeat(100), 'x'.repeat(1500)),
      tokens: fc.constant(null),
    }),
    { maxLength: 12 },
  )
  fc.assert(
    fc.property(messages, fc.integer({ min: 10, max: 3000 }), (earlier, room) => {
      const prompt = buildPrompt(user('new'), earlier, room)
      const texts = prompt.messages.map(({ content }) => content)
      assert.equal(prompt.tokens, estimatePromptTokens(texts, false))
      assert.ok(prompt.tokens <= room)
      assert.equal(prompt.messages[0]?.role, 'user')
      assert.deepEqual(texts.at(-1), 'new')
      assert.ok(prompt.messages.every(({ role, content }) => role === 'user' || content !== ''))
    }),
    { numRuns: 200 },
  )
  const many = Array.from({ length: 1000 }, (_, i) => (i % 2 === 0 ? assistant('b') : user('a')))
  assert.equal(said(user('new'), many, 1e6).length, CONTEXT_MESSAGES + 1)
})

test('a title is the first line, shortened between characters', () => {
  assert.equal(titleOf('  你好\nzweite Zeile'), '你好')
  assert.equal(titleOf('\n\nfirst'), 'first')
  assert.equal(titleOf('🙂'.repeat(61)), `${'🙂'.repeat(59)}…`)
})
