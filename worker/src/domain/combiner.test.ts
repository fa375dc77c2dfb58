import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { createCombiner } from './combiner.ts'

/** A run that goes on when the test lets it. */
function held<Item>(atOnce: number, mostWeight: number, weightOf?: (item: Item) => number) {
  const runs: { readonly items: readonly Item[]; readonly end: (error?: Error) => void }[] = []
  const combined = createCombiner<Item, string>({
    run: (items) =>
      new Promise((resolve, reject) => {
        const end = (error?: Error) =>
          error === undefined ? resolve(items.map((item) => `done ${item}`)) : reject(error)
        runs.push({ items, end })
      }),
    ...{ atOnce, mostWeight },
    ...(weightOf !== undefined && { weightOf }),
    isGeneral: (error) => error instanceof Error && error.message === 'away',
  })
  return { combined, runs }
}

const turn = () => new Promise((resolve) => setImmediate(resolve))

test('who comes first goes alone, who comes meanwhile goes together', async () => {
  const { combined, runs } = held<number>(1, 10)
  const results = [1, 2, 3].map((item) => combined(item))
  assert.deepEqual(
    runs.map(({ items }) => items),
    [[1]],
  )
  runs[0]?.end()
  await turn()
  assert.deepEqual(runs[1]?.items, [2, 3])
  runs[1]?.end()
  assert.deepEqual(await Promise.all(results), ['done 1', 'done 2', 'done 3'])
})

test('no more runs at once than there may be', async () => {
  const { combined, runs } = held<number>(2, 10)
  for (const item of [1, 2, 3]) void combined(item)
  assert.deepEqual(
    runs.map(({ items }) => items),
    [[1], [2]],
  )
  runs[1]?.end()
  await turn()
  assert.deepEqual(runs[2]?.items, [3])
})

test('a run takes as much as it may weigh, one item whatever it weighs', async () => {
  const { combined, runs } = held<number>(1, 10, (item) => item)
  for (const item of [1, 4, 6, 1, 20, 3]) void combined(item)
  for (let index = 0; index < 4; index += 1) {
    runs[index]?.end()
    await turn()
  }
  assert.deepEqual(
    runs.map(({ items }) => items),
    [[1], [4, 6], [1], [20], [3]],
  )
})

test('when several fail together each is tried alone', async () => {
  const { combined, runs } = held<string>(1, 10)
  const results = ['first', 'good', 'bad'].map((item) => combined(item))
  const outcome = Promise.allSettled(results)
  runs[0]?.end()
  await turn()
  runs[1]?.end(new Error('one of them is wrong'))
  await turn()
  assert.deepEqual(runs[2]?.items, ['good'])
  runs[2]?.end()
  await turn()
  assert.deepEqual(runs[3]?.items, ['bad'])
  runs[3]?.end(new Error('wrong'))
  assert.deepEqual(
    (await outcome).map((each) => (each.status === 'fulfilled' ? each.value : each.reason.message)),
    ['done first', 'done good', 'wrong'],
  )
})

test('what meets everybody is not waited for again', async () => {
  const { combined, runs } = held<number>(1, 2)
  const outcome = Promise.allSettled([1, 2, 3, 4].map((item) => combined(item)))
  runs[0]?.end(new Error('away'))
  assert.deepEqual(
    (await outcome).map(({ status }) => status),
    ['rejected', 'rejected', 'rejected', 'rejected'],
  )
  assert.equal(runs.length, 1)
  void combined(5)
  assert.deepEqual(runs[1]?.items, [5])
})

test('property: everybody gets the result that is theirs, once', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.record({ weight: fc.nat(5), isBad: fc.boolean() }), { maxLength: 40 }),
      fc.integer({ min: 1, max: 4 }),
      async (items, atOnce) => {
        const done = new Map<number, number>()
        const combined = createCombiner<number, number>({
          async run(some) {
            await turn()
            if (some.some((index) => items[index]?.isBad)) throw new Error('bad')
            for (const index of some) done.set(index, (done.get(index) ?? 0) + 1)
            return some.map((index) => index * 2)
          },
          ...{ atOnce, mostWeight: 6, weightOf: (index) => items[index]?.weight ?? 0 },
          isGeneral: () => false,
        })
        const outcome = await Promise.allSettled(items.map((_, index) => combined(index)))
        for (const [index, result] of outcome.entries()) {
          const isBad = items[index]?.isBad
          assert.equal(result.status, isBad ? 'rejected' : 'fulfilled')
          assert.equal(done.get(index), isBad ? undefined : 1)
          if (result.status === 'fulfilled') assert.equal(result.value, index * 2)
        }
      },
    ),
  )
})
