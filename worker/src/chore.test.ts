import assert from 'node:assert/strict'
import { test } from 'node:test'
import { pino } from 'pino'
import { createChore } from './chore.ts'
import { quiet } from './domain/generation-fakes.ts'
import { Failure } from './failure.ts'

/** @param left steps that there are to do */
function setUp(left: number) {
  const world: { left: number; looks: number; failure?: Failure } = { left, looks: 0 }
  const step = async () => {
    world.looks += 1
    if (world.failure !== undefined) throw world.failure
    if (world.left === 0) return false
    world.left -= 1
    return true
  }
  return { world, chore: createChore('test', step, pino({ level: 'silent' })) }
}

test('everything is done, step by step', async () => {
  const { world, chore } = setUp(4)
  chore.wake()
  await quiet()
  assert.deepEqual(world, { left: 0, looks: 5 })
})

test('what comes up during a look is seen by another one', async () => {
  const { world, chore } = setUp(0)
  chore.wake()
  world.left = 1
  chore.wake()
  await quiet()
  assert.equal(world.left, 0)
})

test('a failure ends the look, and the next one goes on', async () => {
  const { world, chore } = setUp(1)
  world.failure = new Failure('storage_unavailable')
  chore.wake()
  await quiet()
  assert.deepEqual([world.left, world.looks], [1, 1])
  delete world.failure
  chore.wake()
  await quiet()
  assert.equal(world.left, 0)
})

test('nothing begins after the stop, and what runs ends at the next step', async () => {
  const { world, chore } = setUp(1000)
  chore.wake()
  await chore.stop()
  const { looks } = world
  assert.ok(world.left > 0)
  chore.wake()
  await quiet()
  assert.equal(world.looks, looks)
})
