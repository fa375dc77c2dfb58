import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { LimitPolicy } from '../contract/limit-policy.ts'
import { overLimit, waitMs } from './over-limit.ts'

const chat: LimitPolicy = { kind: 'window', name: 'chat', quota: 5, windowSeconds: 60 }
const day: LimitPolicy = { kind: 'window', name: 'day', quota: 100, windowSeconds: 86_400 }
const streams: LimitPolicy = { kind: 'concurrent', name: 'streams', quota: 2, windowSeconds: 10 }

test('the wait is the longest of the exhausted policies', () => {
  const states = [
    { policy: chat, quota: 5, remaining: 0, resetMs: 900 },
    { policy: day, quota: 100, remaining: 0, resetMs: 5000 },
    { policy: chat, quota: 5, remaining: 2, resetMs: 60_000 },
  ]
  const { code, details, rate } = overLimit(states, 'redis')
  assert.equal(code, 'rate_limited')
  assert.equal(details.retryAfter, 5)
  assert.deepEqual(details.violatedPolicies, ['chat', 'day'])
  assert.deepEqual(details.limit, { quota: 5, windowSeconds: 60 })
  assert.match(rate.state, /^"chat";r=0;t=1, "day";r=0;t=5, /)
})

test('only running answers in the way are another problem than too many requests', () => {
  const state = { policy: streams, quota: 3, remaining: 0, resetMs: 8000 }
  const room = { policy: chat, quota: 5, remaining: 2, resetMs: 60_000 }
  const { code, details, rate } = overLimit([room, state], 'redis')
  assert.equal(rate.policy, '"chat";q=5;w=60, "streams";q=3;qu="concurrent-requests"')
  assert.equal(rate.state, '"chat";r=2;t=60, "streams";r=0')
  assert.equal(code, 'too_many_streams')
  assert.equal(details.retryAfter, 8)
  assert.equal(details.limit?.quota, 3)
  assert.equal(overLimit([{ ...room, remaining: 0 }, state], 'redis').code, 'rate_limited')
})

test('nobody is told to come back at once', () => {
  assert.equal(waitMs([]), 1)
})
