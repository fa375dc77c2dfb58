import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { snippetOf } from './search-snippet.ts'

const whole = (text: string) => ({ text, isCutBefore: false, isCutAfter: false })

test('finds are marked whatever their case', () => {
  const { snippet, highlights } = snippetOf(whole('Nginx and nginx'), ['NGINX'])
  assert.equal(snippet, 'Nginx and nginx')
  assert.deepEqual(highlights, [
    [0, 5],
    [10, 15],
  ])
})

test('finds that overlap are one mark', () => {
  assert.deepEqual(snippetOf(whole('aBaba'), ['aba']).highlights, [[0, 5]])
})

test('a piece stands on one line and shows where it was cut', () => {
  const excerpt = { text: 'of\n网关\tand', isCutBefore: true, isCutAfter: true }
  assert.deepEqual(snippetOf(excerpt, ['网关']), {
    snippet: '…of 网关 and…',
    highlights: [[4, 6]],
  })
})

test('marks are in order, apart, and of what was looked for', () => {
  const text = fc.string({ unit: fc.constantFrom(...'abAB 网İß🙂\n'), maxLength: 60 })
  const phrase = fc.string({ unit: fc.constantFrom(...'ab网İß🙂'), minLength: 1, maxLength: 3 })
  fc.assert(
    fc.property(text, fc.array(phrase, { minLength: 1, maxLength: 4 }), (given, phrases) => {
      const { snippet, highlights } = snippetOf(whole(given), phrases)
      assert.equal(snippet.length, given.length)
      let end = -1
      for (const [start, stop] of highlights) {
        assert.ok(start > end && stop > start && stop <= snippet.length)
        end = stop
      }
      const marked = highlights.map(([start, stop]) => snippet.slice(start, stop))
      for (const each of phrases) {
        if (given.includes(each)) assert.ok(marked.some((part) => part.includes(each)))
      }
    }),
  )
})
