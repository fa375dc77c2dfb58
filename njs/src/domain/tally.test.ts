import assert from 'node:assert/strict'
import { test } from 'node:test'
import { admissionTally, decisionTally, floodTally, refusalTally, spellOut } from './tally.ts'

test('an admission counts for the call, its time and each policy, beside what was counted singly', () => {
  const answered = 'chatgate_gate_redis_calls_total{result="answered"}'
  const samples = spellOut([
    [admissionTally('chat,streams', 0), 7],
    [admissionTally('chat', 250), 2],
    [admissionTally('', 250), 1],
    [answered, 5],
    ['other', 4],
  ])
  assert.deepEqual(Object.fromEntries(samples), {
    [answered]: 15,
    'chatgate_gate_redis_seconds_bucket{le="0.001"}': 7,
    'chatgate_gate_redis_seconds_bucket{le="0.25"}': 3,
    chatgate_gate_redis_seconds_sum: 0.75,
    'chatgate_gate_limit_total{policy="chat",result="admitted",source="redis"}': 9,
    'chatgate_gate_limit_total{policy="streams",result="admitted",source="redis"}': 7,
    other: 4,
  })
})

test('a refusal from memory counts for the guard and for the policy', () => {
  const samples = spellOut([
    [floodTally('chat'), 3],
    [decisionTally('rate_limited', 'memory'), 4],
    [refusalTally('chat', 'memory'), 5],
    [refusalTally('chat', 'redis'), 1],
    [decisionTally('allow', 'cache'), 2],
  ])
  assert.deepEqual(Object.fromEntries(samples), {
    'chatgate_gate_decisions_total{verdict="rate_limited",source="memory"}': 7,
    'chatgate_gate_limit_total{policy="chat",result="refused",source="memory"}': 8,
    'chatgate_gate_limit_total{policy="chat",result="refused",source="redis"}': 1,
    'chatgate_gate_decisions_total{verdict="allow",source="cache"}': 2,
  })
})
