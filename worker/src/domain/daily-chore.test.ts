import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isDue } from './daily-chore.ts'

const at = (text: string) => Date.parse(`2026-11-${text}Z`)

test('due once a night, and made good when a night was missed', () => {
  const done = at('20T19:00:05')
  assert.equal(isDue(done, at('21T18:59:59.999')), false)
  assert.equal(isDue(done, at('21T19:00:00')), true)
  assert.equal(isDue(done, at('22T12:00:00')), true)
  assert.equal(isDue(at('21T19:00:00'), at('21T19:00:00')), false)
})
