import assert from 'node:assert/strict'
import { test } from 'node:test'
import { pino } from 'pino'
import { createHeldCalls } from './held-calls.ts'
import type { HeldCall } from './stores/quota-state.ts'

const USED = { tokens: 5n, money: 7n }

function world() {
  const renewed: [string, readonly HeldCall[]][] = []
  const settled: string[] = []
  const state = { isAway: false, missing: [] as string[] }
  const held = createHeldCalls(
    {
      async renew(uid, calls) {
        if (state.isAway) throw new Error('away')
        renewed.push([uid, calls])
        return state.missing
      },
      async settle(uid, id, tokens, money) {
        if (state.isAway) throw new Error('away')
        settled.push(`${uid} ${id} ${tokens} ${money}`)
        return true
      },
    },
    pino({ level: 'silent' }),
  )
  return { held, renewed, settled, state }
}

test('calls are renewed by user, running ones as such', async () => {
  const { held, renewed } = world()
  for (const [uid, id] of [
    ['1', 'a'],
    ['2', 'b'],
    ['1', 'c'],
  ] as const)
    held.hold(uid, id)
  held.end('c')
  await held.renew()
  assert.deepEqual(renewed, [
    [
      '1',
      [
        { id: 'a', isRunning: true },
        { id: 'c', isRunning: false },
      ],
    ],
    ['2', [{ id: 'b', isRunning: true }]],
  ])
})

test('an ended call whose hold is gone was settled by another worker; a running one goes on', async () => {
  const { held, state } = world()
  held.hold('1', 'a')
  held.hold('1', 'b')
  held.end('b')
  state.missing = ['a', 'b']
  await held.renew()
  assert.deepEqual([held.has('a'), held.has('b')], [true, false])
})

test('what was used is counted when Redis is back, and once', async () => {
  const { held, settled, renewed, state } = world()
  held.hold('1', 'a')
  state.isAway = true
  await held.count('1', 'a', USED)
  await held.renew()
  assert.deepEqual(settled, [])
  state.isAway = false
  await held.renew()
  await held.renew()
  assert.deepEqual(settled, ['1 a 5 7'])
  assert.equal(held.has('a'), false)
  assert.deepEqual(renewed, [])
})

test('a call that is dropped is not renewed any more', async () => {
  const { held, renewed } = world()
  held.hold('1', 'a')
  assert.equal(held.drop('a'), '1')
  assert.equal(held.drop('a'), undefined)
  await held.renew()
  assert.deepEqual(renewed, [])
})
