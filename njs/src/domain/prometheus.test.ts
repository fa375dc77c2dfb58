import assert from 'node:assert/strict'
import { test } from 'node:test'
import { METRIC_FAMILIES } from './metric-families.ts'
import { formatMetrics, histogramSeries, seriesName } from './prometheus.ts'

const LATENCY = 'chatgate_gate_redis_seconds'

test('series stand under their family with help and type, in order', () => {
  const text = formatMetrics([
    ['chatgate_gate_decisions_total{verdict="rate_limited",source="memory"}', 1],
    ['chatgate_gate_decisions_total{verdict="allow",source="cache"}', 3],
    ['chatgate_gate_redis_up', 1],
  ])
  assert.match(
    text,
    /# HELP chatgate_gate_decisions_total .+\n# TYPE chatgate_gate_decisions_total counter\nchatgate_gate_decisions_total\{verdict="allow",source="cache"\} 3\nchatgate_gate_decisions_total\{verdict="rate_limited",source="memory"\} 1\n/,
  )
  assert.match(text, /# TYPE chatgate_gate_redis_up gauge\nchatgate_gate_redis_up 1\n/)
})

test('an observation falls into the first bucket that holds it', () => {
  const bucket = (seconds: number) => histogramSeries(LATENCY, seconds).bucket
  assert.equal(bucket(0), `${LATENCY}_bucket{le="0.001"}`)
  assert.equal(bucket(0.001), `${LATENCY}_bucket{le="0.001"}`)
  assert.equal(bucket(0.0011), `${LATENCY}_bucket{le="0.002"}`)
  assert.equal(bucket(1), `${LATENCY}_bucket{le="1"}`)
  assert.equal(bucket(1.1), `${LATENCY}_bucket{le="+Inf"}`)
})

test('buckets are all there, cumulative, in order, and end with +Inf, sum and count', () => {
  const text = formatMetrics([
    [`${LATENCY}_bucket{le="+Inf"}`, 1],
    [`${LATENCY}_bucket{le="0.01"}`, 2],
    [`${LATENCY}_bucket{le="0.002"}`, 4],
    [`${LATENCY}_sum`, 1.5],
  ])
  const lines = text.split('\n').filter((line) => line.startsWith(LATENCY))
  assert.deepEqual(lines, [
    `${LATENCY}_bucket{le="0.001"} 0`,
    `${LATENCY}_bucket{le="0.002"} 4`,
    `${LATENCY}_bucket{le="0.005"} 4`,
    ...['0.01', '0.025', '0.05', '0.1', '0.25', '0.5', '1'].map(
      (le) => `${LATENCY}_bucket{le="${le}"} 6`,
    ),
    `${LATENCY}_bucket{le="+Inf"} 7`,
    `${LATENCY}_sum 1.5`,
    `${LATENCY}_count 7`,
  ])
})

test('what nothing was counted for is there all the same, as 0', () => {
  const text = formatMetrics([])
  for (const family of Object.keys(METRIC_FAMILIES)) assert.ok(text.includes(`# TYPE ${family} `))
  assert.match(text, /chatgate_gate_redis_seconds_count 0\n/)
  assert.match(text, /chatgate_gate_redis_calls_total\{result="failed"\} 0\n/)
  assert.match(text, /chatgate_gate_local_slots_lost_total 0\n/)
  const counted = formatMetrics([['chatgate_gate_local_slots_lost_total', 2]])
  assert.match(counted, /chatgate_gate_local_slots_lost_total 2\n/)
  assert.doesNotMatch(counted, /chatgate_gate_local_slots_lost_total 0\n/)
})

test('what belongs to no family is left out', () => {
  assert.equal(
    formatMetrics([
      ['_dropped', 1],
      ['constructor', 1],
    ]),
    formatMetrics([]),
  )
})

test('label values are escaped', () => {
  const name = seriesName('chatgate_build_info', { version: 'a"b\\c\nd', nginx: '1.30.6' })
  assert.equal(name, 'chatgate_build_info{version="a\\"b\\\\c\\nd",nginx="1.30.6"}')
})

test('counters end with _total, times and sizes name their unit', () => {
  for (const [name, { type }] of Object.entries(METRIC_FAMILIES)) {
    assert.equal(name.endsWith('_total'), type === 'counter', name)
    if (type === 'histogram') assert.match(name, /_seconds$/)
  }
})
