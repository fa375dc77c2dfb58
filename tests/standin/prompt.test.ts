import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Message } from './messages.ts'
import { createPromptCache } from './prompt.ts'

function user(text: string): readonly Message[] {
  return [{ role: 'user', text, attachments: 0 }]
}

test('the cache knows the common beginning with the prior prompt, in units of 64 tokens', () => {
  const cache = createPromptCache()
  const beginning = 'x'.repeat(500)
  assert.equal(cache.hit('a', user(beginning)), 0)
  // "user\n" and 500 characters weigh 151.5 tokens: two units.
  assert.equal(cache.hit('a', user(`${beginning} and more`)), 128)
  assert.equal(cache.hit('a', user('something else')), 0)
  assert.equal(cache.hit('a', user(beginning)), 0)
})

test('accounts do not share a cache', () => {
  const cache = createPromptCache()
  cache.hit('a', user('y'.repeat(1000)))
  assert.equal(cache.hit('b', user('y'.repeat(1000))), 0)
})
