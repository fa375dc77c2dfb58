import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { parseSearch } from './search-query.ts'

const phrases = (text: string) => parseSearch(text)?.phrases
const pairs = (text: string) => parseSearch(text)?.pairs

test('words stand for themselves, quoted ones stay together', () => {
  assert.deepEqual(phrases(' rate  limit '), ['rate', 'limit'])
  assert.deepEqual(phrases('"rate limit" nginx'), ['rate limit', 'nginx'])
  assert.deepEqual(phrases('“限流 算法”网关'), ['限流 算法', '网关'])
  assert.deepEqual(phrases('say "never ends'), ['say', 'never ends'])
  assert.deepEqual(phrases('a"b c"d'), ['a', 'b c', 'd'])
})

test('operators of the index are text like any other', () => {
  assert.deepEqual(phrases('+a -b *(c) ~d @2 50%'), ['+a', '-b', '*(c)', '~d', '@2', '50%'])
  assert.equal(pairs('+a -b *(c) ~d'), undefined)
  assert.equal(pairs('c++ 100%'), '+10 +00')
})

test('nothing to look for is no query', () => {
  for (const text of ['', ' \n\t', '""', '" "', '\u0000', '“”']) {
    assert.equal(parseSearch(text), undefined, JSON.stringify(text))
  }
})

test('pairs are asked of the index where there are any', () => {
  assert.equal(pairs('网关'), '+网关')
  assert.equal(pairs('网'), undefined)
  assert.equal(pairs('限流算法'), '+限流 +流算 +算法')
  assert.equal(pairs('zebra'), '+ze +br +ra')
  assert.equal(pairs('🙂🙂 ... é'), undefined)
})

test('whatever is asked, the index gets at most three pairs that are in it and nothing else', () => {
  const text = fc.string({
    unit: fc.constantFrom(...'ab1网关限é🙂 "“”+-*()~<>@%_\\\'\u0000\n'),
    maxLength: 40,
  })
  fc.assert(
    fc.property(text, (asked) => {
      const query = parseSearch(asked)
      if (query === undefined) return
      assert.ok(query.phrases.length > 0)
      for (const phrase of query.phrases) assert.match(phrase, /^[^"\p{Cc}]+$/u)
      const asks = query.pairs?.split(' ') ?? []
      assert.ok(asks.length <= 3)
      for (const ask of asks) {
        assert.match(ask, /^\+[ab1网关限é]{2}$/u)
        assert.ok(query.phrases.some((phrase) => phrase.includes(ask.slice(1))))
      }
    }),
  )
})
