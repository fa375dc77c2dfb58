import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseDuration } from './duration.ts'

test('a duration is read in milliseconds', () => {
  assert.equal(parseDuration('500ms'), 500)
  assert.equal(parseDuration('7d'), 604_800_000)
  assert.equal(parseDuration(' 15m '), 900_000)
})

test('what is no duration is undefined', () => {
  for (const text of ['', '7', '0s', '-1s', '1.5h', '1w', 's', '9999999999s']) {
    assert.equal(parseDuration(text), undefined, text)
  }
})
