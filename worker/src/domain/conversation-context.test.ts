import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import {
  buildPrompt,
  CONTEXT_CHARACTERS,
  CONTEXT_MESSAGES,
  titleOf,
} from './conversation-context.ts'
import type { PromptMessage } from './upstream-event.ts'

function user(content: string): PromptMessage {
  return { role: 'user', content }
}

function assistant(content: string): PromptMessage {
  return { role: 'assistant', content }
}

test('the chain comes in the order it was spoken, the new message last', () => {
  const prompt = buildPrompt('c', [assistant('b'), user('a')])
  assert.deepEqual(prompt, [user('a'), assistant('b'), user('c')])
  assert.deepEqual(buildPrompt('c', []), [user('c')])
})

test('the oldest messages that do not fit are left out, never a part of one', () => {
  const half = 'x'.repeat(CONTEXT_CHARACTERS / 2)
  const earlier = [assistant('b'), user(half), assistant('c'), user(half)]
  assert.deepEqual(buildPrompt('new', earlier), [user(half), assistant('b'), user('new')])
})

test('an answer without its question is left out', () => {
  const long = 'x'.repeat(CONTEXT_CHARACTERS)
  assert.deepEqual(buildPrompt('new', [assistant('b'), user(long)]), [user('new')])
})

test('the prompt keeps its bounds and begins with a question', () => {
  const messages = fc.array(
    fc.record({
      role: fc.constantFrom<'user' | 'assistant'>('user', 'assistant'),
      content: fc.nat(40_000).map((length) => 'y'.repeat(length)),
    }),
    { maxLength: 12 },
  )
  fc.assert(
    fc.property(messages, (earlier) => {
      const prompt = buildPrompt('new', earlier)
      const characters = prompt.reduce((sum, { content }) => sum + content.length, 0)
      assert.ok(characters <= CONTEXT_CHARACTERS)
      assert.equal(prompt[0]?.role, 'user')
      assert.deepEqual(prompt.at(-1), user('new'))
    }),
    { numRuns: 50 },
  )
  const many = Array.from({ length: 1000 }, (_, i) => (i % 2 === 0 ? assistant('b') : user('a')))
  assert.equal(buildPrompt('new', many).length, CONTEXT_MESSAGES + 1)
})

test('a title is the first line, shortened between characters', () => {
  assert.equal(titleOf('  你好\nzweite Zeile'), '你好')
  assert.equal(titleOf('\n\nfirst'), 'first')
  assert.equal(titleOf('🙂'.repeat(61)), `${'🙂'.repeat(59)}…`)
})
