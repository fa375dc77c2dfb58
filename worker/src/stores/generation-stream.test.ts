import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { createAnswer } from '../domain/answer.ts'
import { appendText } from './generation-stream.ts'

const text = fc.string({ unit: 'grapheme', maxLength: 12 })

test('told twice, in pieces of any size, a text is still itself', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(text, text, fc.boolean()), { maxLength: 12 }), (pieces) => {
      const answer = createAnswer()
      let told = { reasoning: '', content: '' }
      for (const [reasoning, content, isLost] of pieces) {
        const from = {
          reasoning: Buffer.byteLength(told.reasoning),
          content: Buffer.byteLength(told.content),
        }
        appendText(answer, { from, reasoning, content })
        told = { reasoning: told.reasoning + reasoning, content: told.content + content }
        // After a Redis that lost its memory all is told from the beginning.
        if (isLost) appendText(answer, { from: { reasoning: 0, content: 0 }, ...told })
      }
      assert.equal(answer.reasoning.toString(), told.reasoning)
      assert.equal(answer.content.toString(), told.content)
    }),
  )
})

test('what follows a gap is left out, so that what is there is a beginning', () => {
  const answer = createAnswer()
  appendText(answer, { from: { reasoning: 0, content: 0 }, reasoning: '', content: '世' })
  appendText(answer, { from: { reasoning: 0, content: 6 }, reasoning: '', content: 'late' })
  assert.equal(answer.content.toString(), '世')
  appendText(answer, { from: { reasoning: 0, content: 0 }, reasoning: '', content: '世界late' })
  assert.equal(answer.content.toString(), '世界late')
})
