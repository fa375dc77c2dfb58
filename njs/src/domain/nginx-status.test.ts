import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseNginxStatus } from './nginx-status.ts'

test('each figure is found in its place', () => {
  const text = `Active connections: 291 
server accepts handled requests
 16630948 16630940 31070465 
Reading: 6 Writing: 179 Waiting: 106 
`
  assert.deepEqual(parseNginxStatus(text), {
    accepted: 16630948,
    handled: 16630940,
    reading: 6,
    writing: 179,
    waiting: 106,
  })
})

test('another text has no figures', () => {
  for (const text of ['', '<html>', 'Active connections: 1', 'Reading: 1 Writing: 1 Waiting: 1']) {
    assert.equal(parseNginxStatus(text), undefined, text)
  }
})
