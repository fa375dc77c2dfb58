import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createCursors } from './cursor.ts'

const cursors = createCursors('secret', 'usage')

test('a position comes back from its cursor', () => {
  const cursor = cursors.encode(['1764000000123', '18446744073709551615'])
  assert.match(cursor, /^[A-Za-z0-9_-]+$/)
  assert.deepEqual(cursors.decode(cursor), ['1764000000123', '18446744073709551615'])
})

test('a cursor changed in any place is refused', () => {
  const cursor = cursors.encode(['1764000000123', '7'])
  for (let index = 0; index < cursor.length; index += 1) {
    const other = cursor[index] === 'A' ? 'B' : 'A'
    const changed = cursor.slice(0, index) + other + cursor.slice(index + 1)
    assert.equal(cursors.decode(changed), undefined, changed)
  }
  for (const bad of ['', 'x', `${cursor}=`, `${cursor}A`, cursor.slice(0, -1), ` ${cursor}`]) {
    assert.equal(cursors.decode(bad), undefined, bad)
  }
})

test('a cursor belongs to one list and one secret', () => {
  const cursor = cursors.encode(['1', '2'])
  assert.equal(createCursors('secret', 'logs').decode(cursor), undefined)
  assert.equal(createCursors('other', 'usage').decode(cursor), undefined)
})
