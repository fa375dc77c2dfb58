import assert from 'node:assert/strict'
import { test } from 'node:test'
import { NAMES, partsOf } from './parts.ts'

test('everything is run once, selections are not run again', () => {
  const all = partsOf([]).map(({ name }) => name)
  assert.equal(new Set(all).size, all.length)
  assert.deepEqual([...all, 'gate', 'worker', 'accounting', 'api'], NAMES)
})

test('a name stands for its part, or for the parts of its selection', () => {
  assert.deepEqual(
    partsOf(['unit', 'faults']).map(({ name }) => name),
    ['unit', 'faults'],
  )
  assert.deepEqual(
    partsOf(['gate']).map(({ name }) => name),
    ['gate: unit', 'gate: stack', 'gate: faults'],
  )
  assert.deepEqual(
    partsOf(['accounting']).map(({ name }) => name),
    ['accounting: every byte', 'accounting: faults'],
  )
})
