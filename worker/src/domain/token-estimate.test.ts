import assert from 'node:assert/strict'
import { test } from 'node:test'
import { estimatePromptTokens, estimateTokens } from './token-estimate.ts'

test('characters weigh 0.3, Chinese ones 0.6, emoji 1.7, rounded up once', () => {
  assert.equal(estimateTokens(''), 0)
  assert.equal(estimateTokens('a'), 1)
  assert.equal(estimateTokens('x'.repeat(10)), 3)
  assert.equal(estimateTokens('中'.repeat(10)), 6)
  assert.equal(estimateTokens('é'.repeat(10)), 3)
  assert.equal(estimateTokens('😀'.repeat(10)), 17)
  assert.equal(estimateTokens('𠮷'.repeat(10)), 6)
  assert.equal(estimateTokens('你好, world'), 4)
})

test('a prompt counts every message, its overhead and that of thinking', () => {
  assert.equal(estimatePromptTokens(['x'.repeat(10)], false), 7)
  assert.equal(estimatePromptTokens(['x'.repeat(10), '中'.repeat(10)], false), 17)
  assert.equal(estimatePromptTokens(['x'.repeat(10)], true), 86)
})
