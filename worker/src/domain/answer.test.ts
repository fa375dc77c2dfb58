import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import {
  ANSWER_START,
  type AnswerPosition,
  createAnswer,
  isPosition,
  nextDelta,
  parsePosition,
  positionId,
} from './answer.ts'

const text = fc.string({ unit: 'grapheme', maxLength: 30 })

function readOn(answer: ReturnType<typeof createAnswer>, from: AnswerPosition) {
  const read = { reasoning: '', content: '' }
  const ids: string[] = []
  let position = from
  for (;;) {
    const delta = nextDelta(answer, position)
    if (delta === undefined) return { ...read, ids }
    read[delta.part] += delta.text
    position = delta.position
    ids.push(positionId(position))
  }
}

test('resumed at any position that was sent, the parts are whole', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.boolean(), text)), fc.nat(), (pieces, pick) => {
      const answer = createAnswer()
      const seen: { id: string; reasoning: string; content: string }[] = []
      let [reasoning, content] = ['', '']
      let position = ANSWER_START
      for (const [isReasoning, piece] of pieces) {
        answer[isReasoning ? 'reasoning' : 'content'].append(piece)
        for (let delta = nextDelta(answer, position); delta; delta = nextDelta(answer, position)) {
          position = delta.position
          if (delta.part === 'reasoning') reasoning += delta.text
          else content += delta.text
          seen.push({ id: positionId(position), reasoning, content })
        }
      }
      const start = { id: 'r0.c0', reasoning: '', content: '' }
      const at = seen[pick % Math.max(seen.length, 1)] ?? start
      const from = parsePosition(at.id)
      assert.ok(from !== undefined && isPosition(answer, from, false))
      const rest = readOn(answer, from)
      assert.equal(at.reasoning + rest.reasoning, answer.reasoning.toString())
      assert.equal(at.content + rest.content, answer.content.toString())
    }),
  )
})

test('a long text is read in bites with ids that count bytes', () => {
  const answer = createAnswer()
  answer.content.append('世'.repeat(10_000))
  const { content, ids } = readOn(answer, ANSWER_START)
  assert.equal(content, '世'.repeat(10_000))
  assert.deepEqual(ids, ['r0.c16383', 'r0.c30000'])
})

test('only positions inside the answer are good, or ahead of one that is told elsewhere', () => {
  const answer = createAnswer()
  answer.reasoning.append('想')
  answer.content.append('ab')
  assert.deepEqual(parsePosition('r3.c2'), { reasoning: 3, content: 2 })
  for (const id of ['', 'c0.r0', 'r0', 'r-1.c0', 'r0.c0 ']) {
    assert.equal(parsePosition(id), undefined, id)
  }
  for (const [reasoning, content, isInside, isInsideOrAhead] of [
    [3, 2, true, true],
    [1, 0, false, false],
    [4, 0, false, true],
    [0, 3, false, true],
    [1, 3, false, false],
  ] as const) {
    assert.equal(isPosition(answer, { reasoning, content }, false), isInside)
    assert.equal(isPosition(answer, { reasoning, content }, true), isInsideOrAhead)
  }
})
