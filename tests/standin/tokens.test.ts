import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { cycleTokens, hasCjk, joinTokens, splitTokens, takeTokens, weighText } from './tokens.ts'

test('a token is a word, a CJK character or a mark, with the white space before it', () => {
  assert.deepEqual(splitTokens('Hello, big world'), ['Hello', ',', ' big', ' world'])
  assert.deepEqual(splitTokens('你好 DeepSeek。'), ['你', '好', ' DeepSeek', '。'])
  assert.deepEqual(splitTokens('a\n\n- b 😀'), ['a', '\n\n-', ' b', ' 😀'])
  assert.deepEqual(splitTokens('end \n'), ['end', ' \n'])
  assert.deepEqual(splitTokens(''), [])
})

test('tokens joined are the text again', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      assert.equal(splitTokens(text).join(''), text)
    }),
  )
})

test('a run repeats its tokens with an empty line between the rounds', () => {
  assert.equal(joinTokens(cycleTokens(['a', ' b'], 5)), 'a b\n\na b\n\na')
  assert.equal(joinTokens(takeTokens(cycleTokens(['a', ' b']), 1)), 'a')
  assert.equal(cycleTokens([], 5).length, 0)
})

test('a prompt weighs 0.3 for Latin, 0.6 for CJK and 1 for an emoji', () => {
  assert.equal(weighText('Hello'), 15)
  assert.equal(weighText('你好'), 12)
  assert.equal(weighText('😀'), 10)
})

test('the language of a text is told by its characters', () => {
  assert.equal(hasCjk('What is 黑洞?'), true)
  assert.equal(hasCjk('naïve café'), false)
})
