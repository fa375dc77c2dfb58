import assert from 'node:assert/strict'
import { test } from 'node:test'
import { BOOK_MS, type ChangedQuota, createQuotaBook } from './quota-book.ts'

const ROW: ChangedQuota = {
  ...{ uid: '7', owner: 'u', unit: 'tokens', period: 'day' },
  ...{ amount: 10n, version: 1, ageMs: 1000 },
}

function world(first: readonly ChangedQuota[] = [ROW]) {
  const state = { now: 100_000, rows: first, asked: [] as (Date | undefined)[], isAway: false }
  const book = createQuotaBook({
    async changedSince(since) {
      state.asked.push(since)
      if (state.isAway) throw new Error('away')
      return { rows: state.rows, next: new Date(state.now) }
    },
    now: () => state.now,
  })
  const amounts = async (uid = '7') =>
    [...(await book.ofUser(uid)).values()].flatMap(({ quotas }) => quotas.map((q) => q.amount))
  return { state, book, amounts }
}

test('a crowd reads the book once, and later only what was changed', async () => {
  const { state, amounts } = world()
  const all = await Promise.all(Array.from({ length: 50 }, () => amounts()))
  assert.deepEqual(all, Array(50).fill([10n]))
  assert.deepEqual(await amounts('8'), [])
  assert.deepEqual(state.asked, [undefined])
  state.now += BOOK_MS
  state.rows = [{ ...ROW, version: 2, amount: 20n }]
  assert.deepEqual(await amounts(), [20n])
  assert.deepEqual(state.asked, [undefined, new Date(100_000)])
})

test('an older state never takes the place of a newer one, and what is gone stays gone', async () => {
  const { state, book, amounts } = world([{ ...ROW, version: 3, amount: undefined }])
  assert.deepEqual(await amounts(), [])
  state.rows = [ROW]
  book.outdate()
  assert.deepEqual(await amounts(), [])
})

test('who has changed something looks anew at once', async () => {
  const { state, book, amounts } = world([])
  assert.deepEqual(await amounts(), [])
  state.rows = [ROW]
  assert.deepEqual(await amounts(), [])
  book.outdate()
  assert.deepEqual(await amounts(), [10n])
})

test('without MySQL what was known holds; who never knew anything cannot say', async () => {
  const { state, amounts } = world()
  state.isAway = true
  await assert.rejects(amounts())
  state.isAway = false
  assert.deepEqual(await amounts(), [10n])
  state.isAway = true
  state.now += 60_000
  assert.deepEqual(await amounts(), [10n])
})

test('a quota of a moment ago may be unknown to others for a while', async () => {
  const { state, book } = world()
  const [known] = [...(await book.ofUser('7')).values()]
  assert.equal(known?.settledAt, state.now - 1000 + BOOK_MS + 3000)
})
