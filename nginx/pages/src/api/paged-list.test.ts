import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Page } from '#contract/api.ts'
import { createPagedList, withQuery } from './paged-list.ts'
import { ApiFailure, plainTrouble } from './trouble.ts'

test('pages are appended until the last one', async () => {
  const cursors: (string | undefined)[] = []
  const pages: Page<number>[] = [
    { items: [1, 2], next: 'a' },
    { items: [3], next: null },
  ]
  const list = createPagedList(async (cursor) => {
    cursors.push(cursor)
    return pages[cursors.length - 1] ?? { items: [], next: null }
  })
  assert.equal(list.items.value, undefined)
  await list.reload()
  assert.equal(list.hasMore.value, true)
  await list.loadMore()
  assert.deepEqual(list.items.value, [1, 2, 3])
  assert.equal(list.hasMore.value, false)
  await list.loadMore()
  assert.deepEqual(cursors, [undefined, 'a'])
})

test('a slow answer does not overwrite a later one', async () => {
  const waiting: ((page: Page<string>) => void)[] = []
  const list = createPagedList<string>(() => new Promise((resolve) => waiting.push(resolve)))
  const first = list.reload()
  const second = list.reload()
  waiting[1]?.({ items: ['new'], next: null })
  waiting[0]?.({ items: ['old'], next: null })
  await Promise.all([first, second])
  assert.deepEqual(list.items.value, ['new'])
  assert.equal(list.isLoading.value, false)
})

test('a failed page keeps what is there', async () => {
  const trouble = plainTrouble('no', 'not now')
  let calls = 0
  const list = createPagedList(async () => {
    calls += 1
    if (calls === 2) throw new ApiFailure(trouble)
    return { items: [calls], next: 'more' }
  })
  await list.reload()
  await list.loadMore()
  assert.deepEqual(list.items.value, [1])
  assert.equal(list.trouble.value, trouble)
  await list.retry()
  assert.deepEqual(list.items.value, [1, 3])
  assert.equal(list.trouble.value, undefined)
})

test('a query holds only what has a value', () => {
  assert.equal(withQuery('/x', { cursor: undefined, status: '' }), '/x')
  assert.equal(withQuery('/x', { cursor: 'a+b=', path: '/api' }), '/x?cursor=a%2Bb%3D&path=%2Fapi')
})
