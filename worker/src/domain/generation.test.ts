import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { Failure } from '../failure.ts'
import { ANSWER_START, nextDelta } from './answer.ts'
import { type Generation, startGeneration } from './generation.ts'
import {
  chunk,
  fakeCall,
  fakePorts,
  fakeStore,
  fakeTurn,
  quiet,
  type StoreMood,
} from './generation-fakes.ts'

const USAGE = { promptTokens: 9, cachedTokens: 4, completionTokens: 3, reasoningTokens: 1 }

function start(moods: readonly StoreMood[] = []) {
  const upstream = fakeCall()
  const table = fakeStore(moods)
  const generation = startGeneration(fakeTurn(), fakePorts(upstream.call, table.store))
  return { upstream, table, generation }
}

/** Reads as a subscriber does: all there is, then the end. */
async function listen(generation: Generation): Promise<string> {
  let text = ''
  let position = ANSWER_START
  for (;;) {
    for (let delta = nextDelta(generation.answer, position); delta !== undefined; ) {
      text += `${delta.part}:${delta.text} `
      position = delta.position
      delta = nextDelta(generation.answer, position)
    }
    const end = generation.end()
    if (end !== undefined) return `${text}${end.result.ending}`
    await generation.changed()
  }
}

test('a whole answer is done, with the usage of the provider', async () => {
  const { upstream, table, generation } = start()
  upstream.give({ kind: 'accepted', traceId: 'trace', keyId: '7' })
  upstream.give(chunk({ reasoning: 'Hm.' }))
  upstream.give(chunk({ content: 'Hi' }))
  upstream.give(chunk({ finishReason: 'stop', usage: USAGE }))
  upstream.give('end')
  const { result, failure } = await generation.ended
  assert.equal(failure, undefined)
  assert.deepEqual(result, {
    ending: 'done',
    finishReason: 'stop',
    model: 'deepseek-flash',
    firstTokenMs: 500,
    upstreamId: 'up-1',
    traceId: 'trace',
    keyId: '7',
    tokens: USAGE,
    estimated: false,
    cost: { cost: '12', currency: 'CNY', priced: true },
    durationMs: 500,
    reasoning: 'Hm.',
    content: 'Hi',
  })
  await generation.settled
  assert.deepEqual(table.charged, [result])
})

test('stop closes the call at once and keeps and charges what came', async () => {
  const { upstream, table, generation } = start()
  upstream.give(chunk({ content: 'x'.repeat(10) }))
  await generation.changed()
  generation.stop()
  assert.equal(upstream.isAborted(), true)
  const { result, failure } = await generation.ended
  assert.equal(failure, undefined)
  assert.equal(result.ending, 'stopped')
  assert.equal(result.content, 'x'.repeat(10))
  assert.equal(result.estimated, true)
  assert.deepEqual([result.tokens.promptTokens, result.tokens.completionTokens], [40, 3])
  upstream.give(chunk({ content: 'late' }))
  await quiet()
  assert.equal(generation.answer.content.toString(), 'x'.repeat(10))
  assert.equal(table.charged.length, 1)
})

test('stop before the first byte ends the call too', async () => {
  const { upstream, generation } = start()
  generation.stop()
  assert.equal((await generation.ended).result.ending, 'stopped')
  assert.equal(upstream.isAborted(), true)
})

test('a failure before the first byte costs nothing, one after it costs what came', async () => {
  const early = start()
  early.upstream.give(new Failure('upstream_balance'))
  const refused = await early.generation.ended
  assert.equal(refused.failure?.code, 'upstream_balance')
  assert.equal(refused.result.ending, 'upstream_error')
  assert.equal(refused.result.cost.cost, '0')

  const late = start()
  late.upstream.give(chunk({ content: 'half' }))
  late.upstream.give(new Failure('upstream_interrupted'))
  const cut = await late.generation.ended
  assert.equal(cut.failure?.code, 'upstream_interrupted')
  assert.equal(cut.result.content, 'half')
  assert.equal(cut.result.cost.cost, '42')
})

test('every bad end has its name', async () => {
  const table: readonly (readonly [Error | 'end', string | null, string, string])[] = [
    [new Failure('upstream_timeout'), null, 'timeout', 'upstream_timeout'],
    [new TypeError('bug'), null, 'upstream_error', 'internal'],
    ['end', 'stop', 'upstream_error', 'upstream_interrupted'],
    ['end', 'insufficient_system_resource', 'upstream_error', 'upstream_busy'],
  ]
  for (const [last, finishReason, ending, code] of table) {
    const { upstream, generation } = start()
    upstream.give(chunk({ finishReason }))
    upstream.give(last)
    const { result, failure } = await generation.ended
    assert.deepEqual([result.ending, failure?.code], [ending, code])
  }
})

test('an empty answer is fine if the provider says why', async () => {
  const { upstream, generation } = start()
  upstream.give(chunk({ finishReason: 'length', usage: USAGE }))
  upstream.give('end')
  assert.equal((await generation.ended).result.ending, 'done')
})

test('an answer beyond all bounds is cut', async () => {
  const { upstream, generation } = start()
  for (let i = 0; i < 9; i += 1) upstream.give(chunk({ content: 'x'.repeat(1024 * 1024) }))
  assert.equal((await generation.ended).failure?.code, 'upstream_interrupted')
})

test('several listeners each get everything and one end; nobody listening changes nothing', async () => {
  const { upstream, generation } = start()
  const first = listen(generation)
  upstream.give(chunk({ reasoning: 'Hm' }))
  await quiet()
  const second = listen(generation)
  upstream.give(chunk({ content: 'Hi' }))
  await quiet()
  upstream.give(chunk({ content: '!', finishReason: 'stop', usage: USAGE }))
  upstream.give('end')
  assert.equal(await first, 'reasoning:Hm content:Hi content:! done')
  assert.equal(await second, 'reasoning:Hm content:Hi content:! done')
  assert.equal(await listen(generation), 'reasoning:Hm content:Hi! done')
})

test('while MySQL is away the end is shown after one attempt, and stored when it is back', async () => {
  const { upstream, table, generation } = start(['away', 'away', 'lost_reply'])
  upstream.give(chunk({ content: 'Hi', finishReason: 'stop', usage: USAGE }))
  upstream.give('end')
  await generation.ended
  assert.equal(table.attempts(), 1)
  assert.equal(table.charged.length, 0)
  await generation.settled
  assert.equal(table.attempts(), 4)
  assert.equal(table.charged.length, 1)
})

test('what MySQL refuses is given up', async () => {
  const { generation, table } = start(['refused', 'refused', 'refused', 'refused'])
  generation.stop()
  await generation.settled
  assert.equal(table.attempts(), 3)
})

test('whatever happens in whatever order, a call ends once and is charged once', async () => {
  const step = fc.oneof(
    fc.constant((run: ReturnType<typeof start>) => run.upstream.give(chunk({ content: 'c' }))),
    fc.constant((run: ReturnType<typeof start>) => run.upstream.give(chunk({ usage: USAGE }))),
    fc.constant((run: ReturnType<typeof start>) =>
      run.upstream.give(chunk({ finishReason: 'stop', usage: USAGE })),
    ),
    fc.constant((run: ReturnType<typeof start>) => run.upstream.give('end')),
    fc.constant((run: ReturnType<typeof start>) =>
      run.upstream.give(new Failure('upstream_interrupted')),
    ),
    fc.constant((run: ReturnType<typeof start>) => run.generation.stop()),
    fc.constant((run: ReturnType<typeof start>) => run.generation.interrupt()),
    fc.constant(() => quiet()),
  )
  const moods = fc.array(fc.constantFrom<StoreMood>('ok', 'away', 'lost_reply'), { maxLength: 4 })
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 12 }), moods, async (steps, storeMoods) => {
      const run = start(storeMoods)
      const heard = listen(run.generation)
      for (const act of steps) await act(run)
      run.generation.stop()
      await run.generation.settled
      const end = await run.generation.ended
      assert.equal(run.table.charged.length, 1)
      assert.deepEqual(run.table.charged[0], end.result)
      assert.equal(run.generation.end(), end)
      assert.ok((await heard).endsWith(end.result.ending))
      const isCancelled = ['stopped', 'interrupted'].includes(end.result.ending)
      assert.equal(run.upstream.isAborted(), isCancelled)
      assert.equal(end.result.content, run.generation.answer.content.toString())
    }),
  )
})

test('an answer that grows too large is ended, kept and charged as far as it came', async () => {
  const upstream = fakeCall()
  const table = fakeStore()
  const ports = { ...fakePorts(upstream.call, table.store), maxAnswerBytes: 8 }
  const generation = startGeneration(fakeTurn(), ports)
  upstream.give(chunk({ reasoning: '想', content: '好的' }))
  upstream.give(chunk({ content: '!' }))
  const { result, failure } = await generation.ended
  assert.equal(failure?.code, 'upstream_interrupted')
  assert.equal(result.ending, 'upstream_error')
  assert.equal(result.content, '好的')
  assert.equal(table.charged.length, 1)
})
