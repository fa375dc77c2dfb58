import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Failure } from '../failure.ts'
import {
  chunk,
  fakeCall,
  fakePorts,
  fakeSlots,
  fakeStore,
  fakeTurn,
  quiet,
} from './generation-fakes.ts'
import { createGenerations } from './generations.ts'
import { createRunningCalls } from './running-calls.ts'
import type { StreamSlot } from './stream-slots.ts'
import type { UpstreamKey } from './upstream-key.ts'

const KEY: UpstreamKey = {
  id: '1',
  alias: 'default',
  secret: 'sk-secret-1',
  baseUrl: 'https://a.example',
  weight: 1,
  standin: false,
}
const ID = fakeTurn().id
/** Nobody can ask any more when the shutdown begins. */
const NO_MORE = Promise.resolve()

/** Sleeps last until the test ends them by their length. */
function setUp(moods: Parameters<typeof fakeStore>[0] = [], releasing?: Promise<void>) {
  const upstream = fakeCall()
  const table = fakeStore(moods)
  const ports = fakePorts(upstream.call, table.store)
  const sleepers: { readonly ms: number; readonly wake: () => void }[] = []
  const slotMoves: string[] = []
  const sleep = (ms: number) => new Promise<void>((wake) => sleepers.push({ ms, wake }))
  const running = createRunningCalls({ sleep, log: ports.log })
  const generations = createGenerations({
    ...ports,
    running,
    slots: fakeSlots(slotMoves, releasing),
    onStart: () => {},
    call: (_key, _turn, signal) => upstream.call(signal),
    sleep,
  })
  const pass = (ms: number) => {
    for (const sleeper of sleepers) if (sleeper.ms === ms) sleeper.wake()
    return quiet()
  }
  const begin = (slot?: StreamSlot) => generations.start(fakeTurn(), KEY, ports.price, slot)
  return { generations, running, upstream, table, pass, begin, slotMoves }
}

test('a generation is found by its owner only', () => {
  const { generations, begin } = setUp()
  const generation = begin()
  assert.equal(generations.get('1', ID), generation)
  assert.equal(generations.get('2', ID), undefined)
  assert.equal(generations.get('1', 'f'.repeat(32)), undefined)
})

test('an ended one is kept for a minute', async () => {
  const { generations, begin, pass } = setUp()
  const generation = begin()
  generation.stop()
  await quiet()
  assert.equal(generations.get('1', ID), generation)
  await pass(60_000)
  assert.equal(generations.get('1', ID), undefined)
})

test('a shutdown waits for the running ones, and then interrupts them', async () => {
  const { running, begin, table, upstream, pass } = setUp()
  const generation = begin()
  upstream.give(chunk({ content: 'half' }))
  await quiet()
  const down = running.shutdown(10_000, 2000, NO_MORE)
  await quiet()
  assert.equal(generation.end(), undefined)
  await pass(10_000)
  await down
  assert.throws(
    () => running.assertOpen(),
    (error) => error instanceof Failure && error.code === 'shutting_down',
  )
  assert.equal(generation.end()?.failure?.code, 'shutting_down')
  assert.equal(table.charged[0]?.ending, 'interrupted')
  assert.equal(table.charged[0]?.content, 'half')
})

test('a shutdown is over as soon as the last answer is stored', async () => {
  const { running, begin, upstream } = setUp()
  const generation = begin()
  const down = running.shutdown(10_000, 2000, NO_MORE)
  upstream.give(chunk({ content: 'all', finishReason: 'stop' }))
  upstream.give('end')
  await down
  assert.equal(generation.end()?.result.ending, 'done')
})

test('who still gets through in the grace time is served', async () => {
  const { running, begin, upstream } = setUp()
  let onClosed: () => void = () => {}
  const closed = new Promise<void>((resolve) => {
    onClosed = resolve
  })
  const down = running.shutdown(10_000, 2000, closed)
  await quiet()
  running.assertOpen()
  const generation = begin()
  onClosed()
  await quiet()
  assert.equal(generation.end(), undefined)
  upstream.give(chunk({ content: 'all', finishReason: 'stop' }))
  upstream.give('end')
  await down
  assert.equal(generation.end()?.result.ending, 'done')
})

test('a shutdown does not wait for ever for a store that is away', async () => {
  const { running, begin, pass } = setUp(['away', 'away'])
  begin()
  const down = running.shutdown(10_000, 2000, NO_MORE)
  await pass(10_000)
  await pass(2000)
  await down
})

test('a turn that was stored while the shutdown began is interrupted at once', async () => {
  const { running, begin, upstream, table } = setUp()
  await running.shutdown(10_000, 2000, NO_MORE)
  const generation = begin()
  await generation.settled
  assert.equal(upstream.isAborted(), true)
  assert.equal(table.charged[0]?.ending, 'interrupted')
})

const SLOT: StreamSlot = { uid: '1', policy: 'streams', requestId: ID }

/** Each lets a running answer come to another end. */
const ENDS: Readonly<Record<string, (world: ReturnType<typeof setUp>) => void>> = {
  done({ upstream }) {
    upstream.give(chunk({ content: 'all', finishReason: 'stop' }))
    upstream.give('end')
  },
  failed: ({ upstream }) => upstream.give(new Failure('upstream_unavailable')),
  stopped: ({ generations }) => generations.get('1', ID)?.stop(),
  interrupted({ running, pass }) {
    void running.shutdown(10_000, 2000, NO_MORE)
    void pass(10_000)
  },
}

for (const [how, finish] of Object.entries(ENDS)) {
  test(`a slot is kept while the answer runs and free before its end shows: ${how}`, async () => {
    let onReleased: () => void = () => {}
    const releasing = new Promise<void>((resolve) => {
      onReleased = resolve
    })
    const world = setUp([], releasing)
    const generation = world.begin(SLOT)
    await quiet()
    assert.deepEqual(world.slotMoves, ['+streams'])
    finish(world)
    await quiet()
    assert.deepEqual(world.slotMoves, ['+streams', '-streams'])
    assert.equal(generation.end(), undefined)
    onReleased()
    await generation.settled
    assert.notEqual(generation.end(), undefined)
    assert.deepEqual(world.slotMoves, ['+streams', '-streams'])
  })
}

test('a slot is free even while the result cannot be stored', async () => {
  const { begin, upstream, slotMoves } = setUp(['away'])
  const generation = begin(SLOT)
  upstream.give(chunk({ content: 'all', finishReason: 'stop' }))
  upstream.give('end')
  await generation.ended
  assert.deepEqual(slotMoves, ['+streams', '-streams'])
})
