import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseSearch, type SearchQuery } from '../domain/search-query.ts'
import { Failure } from '../failure.ts'
import { createConversationTexts } from './conversation-texts.ts'
import type { Database } from './mysql.ts'

/**
 * Ten steps of texts, none of which has what is looked for, and an index that answers as told.
 * @param tooSlow so many readings of texts take too long, the first ones
 */
function setUp(index: () => readonly unknown[], tooSlow = 0) {
  const asked: string[] = []
  const sizes: number[] = []
  let left = 10
  const query = async (sql: string, values: readonly unknown[]): Promise<unknown[]> => {
    if (sql.includes('OFFSET')) {
      sizes.push(Number(values.at(-1)) + 1)
      left -= 1
      return left > 0 ? [{ id: String(left * 1000) }] : []
    }
    const isIndex = sql.includes('MATCH')
    asked.push(isIndex ? 'index' : 'texts')
    if (!isIndex && sizes.length <= tooSlow) throw new Failure('storage_unavailable')
    return isIndex ? [...index()] : []
  }
  const db = { query } as unknown as Database
  const search = (text: string) =>
    createConversationTexts(db).find('1', queryOf(text), undefined, 5)
  return { asked, sizes, search }
}

function queryOf(text: string): SearchQuery {
  return parseSearch(text) ?? assert.fail(text)
}

test('what the newest texts do not have is asked of the index', async () => {
  const { asked, search } = setUp(() => [{ id: '7' }])
  assert.deepEqual(await search('zebra'), { texts: [{ id: '7' }], reached: undefined })
  assert.deepEqual(asked, ['texts', 'index'])
})

test('a page that the index has filled goes on after its last find', async () => {
  const { search } = setUp(() => ['9', '8', '7', '6', '5'].map((id) => ({ id })))
  assert.equal((await search('zebra')).reached, '5')
})

test('without an index in time the texts are read on, and the search can be continued', async () => {
  const { asked, search } = setUp(() => {
    throw new Failure('storage_unavailable')
  })
  assert.deepEqual(await search('zebra'), { texts: [], reached: '8000' })
  assert.deepEqual(asked, ['texts', 'index', 'texts'])
})

test('a query without pairs never asks the index', async () => {
  const { asked, search } = setUp(() => [])
  assert.deepEqual(await search('琴'), { texts: [], reached: '8000' })
  assert.deepEqual(asked, ['texts', 'texts'])
})

test('what MySQL refuses is not taken for slowness', async () => {
  const { search } = setUp(() => {
    throw new Error('syntax')
  })
  await assert.rejects(search('zebra'), /syntax/)
})

test('a step that takes too long is made smaller, and the search ends after it', async () => {
  const { asked, sizes, search } = setUp(() => [], 1)
  assert.deepEqual(await search('琴'), { texts: [], reached: '8000' })
  assert.deepEqual(asked, ['texts', 'texts'])
  assert.deepEqual(sizes, [1000, 30])
})

test('the index is asked for what lies beyond a smaller step too', async () => {
  const { asked, search } = setUp(() => [{ id: '7' }], 2)
  assert.deepEqual(await search('zebra'), { texts: [{ id: '7' }], reached: undefined })
  assert.deepEqual(asked, ['texts', 'texts', 'texts', 'index'])
})

test('a single text that takes too long is passed over', async () => {
  const { sizes, search } = setUp(() => [], 3)
  assert.deepEqual(await search('琴'), { texts: [], reached: '7000' })
  assert.deepEqual(sizes, [1000, 30, 1])
})
