import assert from 'node:assert/strict'
import { test } from 'node:test'
import { planPartitions } from './partition-plan.ts'

const NOW = Date.parse('2026-11-28T23:59:59Z')

test('an empty table gets today and the week ahead', () => {
  const { create, drop } = planPartitions(['pmax'], NOW)
  assert.deepEqual(create.at(0), { name: 'p20261128', lessThan: '2026-11-29' })
  assert.deepEqual(create.at(-1), { name: 'p20261205', lessThan: '2026-12-06' })
  assert.equal(create.length, 8)
  assert.deepEqual(drop, [])
})

test('the next day one more is made, and nothing when all is there', () => {
  const first = planPartitions([], NOW).create.map(({ name }) => name)
  assert.deepEqual(planPartitions([...first, 'pmax'], NOW), { create: [], drop: [] })
  assert.deepEqual(planPartitions(first, NOW + 1000).create, [
    { name: 'p20261206', lessThan: '2026-12-07' },
  ])
})

test('days without maintenance are covered by the next partition', () => {
  const late = planPartitions(['p20261101', 'pmax'], NOW).create
  assert.equal(late[0]?.name, 'p20261128')
})

test('thirty full days are kept besides today', () => {
  const existing = ['p20261027', 'p20261028', 'p20261029', 'p20261030', 'pmax', 'p_odd']
  assert.deepEqual(planPartitions(existing, NOW).drop, ['p20261027', 'p20261028'])
})
