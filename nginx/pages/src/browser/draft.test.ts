import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createDrafts } from './draft.ts'

function memoryStorage(): Storage {
  const items = new Map<string, string>()
  return {
    get length() {
      return items.size
    },
    clear: () => items.clear(),
    getItem: (key) => items.get(key) ?? null,
    key: (index) => [...items.keys()][index] ?? null,
    removeItem: (key) => void items.delete(key),
    setItem: (key, value) => void items.set(key, value),
  }
}

test('a draft comes back to its writer only', () => {
  const storage = memoryStorage()
  const drafts = createDrafts(() => storage)
  drafts.save('7', '你好')
  assert.equal(drafts.load('7'), '你好')
  assert.equal(drafts.load('8'), '')
})

test('a draft written before the user was known comes back to anybody', () => {
  const storage = memoryStorage()
  const drafts = createDrafts(() => storage)
  drafts.save(null, 'early')
  assert.equal(drafts.load('7'), 'early')
})

test('an empty text removes the draft', () => {
  const storage = memoryStorage()
  const drafts = createDrafts(() => storage)
  drafts.save('7', 'x')
  drafts.save('7', '')
  assert.equal(storage.length, 0)
})

test('damaged or forbidden storage means no draft, never an error', () => {
  const storage = memoryStorage()
  storage.setItem('chatgate.draft', '{"text":')
  assert.equal(createDrafts(() => storage).load('7'), '')
  const forbidden = createDrafts(() => {
    throw new DOMException('no', 'SecurityError')
  })
  forbidden.save('7', 'x')
  assert.equal(forbidden.load('7'), '')
})
