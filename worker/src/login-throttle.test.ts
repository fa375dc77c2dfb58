import assert from 'node:assert/strict'
import { test } from 'node:test'
import { pino } from 'pino'
import type { LocalAttempts } from './domain/login-delay.ts'
import { createLoginThrottle } from './login-throttle.ts'
import type { LoginAttempts } from './stores/login-attempts.ts'

function setUp(shared: Partial<LoginAttempts>) {
  const calls: string[] = []
  const local: LocalAttempts = {
    reserve: () => {
      calls.push('local reserve')
      return 7
    },
    release: () => calls.push('local release'),
    reset: () => calls.push('local reset'),
  }
  const refuse = () => Promise.reject(new Error('away'))
  const store = { reserve: refuse, release: refuse, reset: refuse, ...shared }
  return { throttle: createLoginThrottle(store, local, pino({ level: 'silent' })), calls }
}

test('while Redis answers, what it counts is what counts', async () => {
  const { throttle, calls } = setUp({ reserve: async () => 0, release: async () => {} })
  assert.equal(await throttle.reserve('a', '1'), 0)
  await throttle.release('a', '1')
  assert.deepEqual(calls, [])
})

test('while Redis is away this process counts, and nothing rejects', async () => {
  const { throttle, calls } = setUp({})
  assert.equal(await throttle.reserve('a', '1'), 7)
  await throttle.release('a', '1')
  await throttle.reset('a')
  assert.deepEqual(calls, ['local reserve', 'local release', 'local reset'])
})

test('a Redis that is silent costs a fraction of a second', async () => {
  const { throttle } = setUp({ reserve: () => new Promise(() => {}) })
  const began = performance.now()
  assert.equal(await throttle.reserve('a', '1'), 7)
  const took = performance.now() - began
  assert.ok(took > 75 && took < 500, String(took))
})
