import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fakeTurn, quiet } from './domain/generation-fakes.ts'
import type { TurnResult } from './domain/turn.ts'
import { Failure } from './failure.ts'
import { createOpenCalls } from './open-calls.ts'
import type { Question } from './stores/turns.ts'

const ID = 'a'.repeat(32)
const TURN = fakeTurn({ id: ID })
const QUESTION = { requestId: ID } as Question
const RESULT = {} as TurnResult

function setUp() {
  let wake: () => void = () => {}
  const calls = createOpenCalls(
    () =>
      new Promise((resolve) => {
        wake = resolve
      }),
  )
  return { calls, pass: () => wake() }
}

test('a call is known from before its row is written', async () => {
  const { calls } = setUp()
  const begin = calls.watchBegin(async (_: Question) => {
    assert.deepEqual(calls.ids(), [ID])
    return TURN
  })
  assert.equal(await begin(QUESTION), TURN)
  assert.deepEqual(calls.ids(), [ID])
})

test('a begin that failed leaves its row, if there is one, to the keeper', async () => {
  const { calls, pass } = setUp()
  const begin = calls.watchBegin(async (_: Question) => {
    throw new Failure('storage_unavailable')
  })
  await assert.rejects(begin(QUESTION), Failure)
  assert.deepEqual([calls.ids(), calls.wasNeverSent(ID)], [[], true])
  pass()
  await quiet()
  assert.equal(calls.wasNeverSent(ID), false)
})

test('a begin that was refused has written no row', async () => {
  const { calls } = setUp()
  const begin = calls.watchBegin(async (_: Question) => {
    throw new Failure('conversation_not_found')
  })
  await assert.rejects(begin(QUESTION), Failure)
  assert.deepEqual([calls.ids(), calls.wasNeverSent(ID)], [[], false])
})

test('what was put aside is left alone', async () => {
  const { calls, pass } = setUp()
  await calls.watchBegin(async (_: Question) => TURN)(QUESTION)
  await calls.watchStore(async () => 'aside')(TURN, RESULT)
  pass()
  await quiet()
  assert.deepEqual(calls.ids(), [ID])
})

test('a stored call is still known while it may be on its way out of a spool', async () => {
  const { calls, pass } = setUp()
  await calls.watchBegin(async (_: Question) => TURN)(QUESTION)
  let fails = true
  const store = calls.watchStore(async () => {
    if (fails) throw new Failure('storage_unavailable')
    return 'spooled'
  })
  await assert.rejects(store(TURN, RESULT), Failure)
  pass()
  await quiet()
  assert.deepEqual(calls.ids(), [ID], 'it is in nobody else’s hands')
  fails = false
  await store(TURN, RESULT)
  assert.deepEqual(calls.ids(), [ID])
  pass()
  await quiet()
  assert.deepEqual(calls.ids(), [])
})
