import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { createByteText } from './byte-text.ts'

/** Whole characters of one to four bytes. */
const texts = fc.array(fc.string({ unit: 'grapheme', maxLength: 20 }), { maxLength: 20 })

function textOf(parts: readonly string[]) {
  const text = createByteText()
  for (const part of parts) text.append(part)
  return text
}

test('what is appended is read back, and its length counts bytes', () => {
  fc.assert(
    fc.property(texts, (parts) => {
      const text = textOf(parts)
      assert.equal(text.toString(), parts.join(''))
      assert.equal(text.length, Buffer.byteLength(parts.join('')))
    }),
  )
})

test('read on from any boundary in steps of any size, the text is the same', () => {
  fc.assert(
    fc.property(texts, fc.integer({ min: 4, max: 50 }), fc.nat(), (parts, step, seed) => {
      const text = textOf(parts)
      let at = seed % (text.length + 1)
      while (!text.isBoundary(at)) at -= 1
      const before = Buffer.from(parts.join('')).subarray(0, at).toString()
      let rest = ''
      while (at < text.length) {
        const piece = text.read(at, step)
        assert.ok(piece !== '' && Buffer.byteLength(piece) <= step)
        rest += piece
        at += Buffer.byteLength(piece)
      }
      assert.equal(before + rest, parts.join(''))
    }),
  )
})

test('a surrogate pair may come in two halves', () => {
  const text = createByteText()
  text.append('a\ud83d')
  assert.equal(text.length, 1)
  text.append('\ude42b')
  assert.equal(text.toString(), 'a🙂b')
})

test('only the bytes at which characters begin, and the end, are boundaries', () => {
  const text = textOf(['a世🙂'])
  const boundaries = Array.from({ length: 12 }, (_, at) => at).filter(text.isBoundary)
  assert.deepEqual(boundaries, [0, 1, 4, 8])
  for (const at of [-1, 0.5, Number.NaN, 9]) assert.equal(text.isBoundary(at), false)
})
