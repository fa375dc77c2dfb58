import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { MAX_SIBLINGS, siblingsOf } from './message-siblings.ts'

test('a message is found among its siblings', () => {
  assert.deepEqual(siblingsOf('7', ['3', '7', '12']), { ids: ['3', '7', '12'], position: 1 })
  assert.deepEqual(siblingsOf('7', ['7']), { ids: ['7'], position: 0 })
})

test('one older than all that are told comes first, and the order is that of their making', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 120 }), fc.nat(), (count, pick) => {
      const all = Array.from({ length: count }, (_, index) => String(1000 + index))
      const id = all[pick % count] ?? ''
      const { ids, position } = siblingsOf(id, all.slice(-MAX_SIBLINGS))
      assert.equal(ids[position], id)
      assert.deepEqual([...new Set(ids)].sort(), ids)
      assert.deepEqual(
        ids.filter((each) => each !== id),
        all.slice(-MAX_SIBLINGS).filter((each) => each !== id),
      )
    }),
  )
})
