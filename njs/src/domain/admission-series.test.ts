import assert from 'node:assert/strict'
import { test } from 'node:test'
import { admissionSeries, expandAdmissions } from './admission-series.ts'

test('an admission counts for the call, its time and each policy, beside what was counted singly', () => {
  const answered = 'chatgate_gate_redis_calls_total{result="answered"}'
  const samples = expandAdmissions([
    [admissionSeries('chat,streams', 0), 7],
    [admissionSeries('chat', 250), 2],
    [admissionSeries('', 250), 1],
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
