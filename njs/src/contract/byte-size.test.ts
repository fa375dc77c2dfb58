import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseByteSize } from './byte-size.ts'

test('a size is a number with or without a unit, as nginx reads it', () => {
  assert.equal(parseByteSize('512'), 512)
  assert.equal(parseByteSize('256k'), 262_144)
  assert.equal(parseByteSize(' 8M '), 8_388_608)
})

test('anything else is no size', () => {
  for (const text of ['', '0', '0k', '-1', '1.5m', '1g', '1kb', 'k', '12345678901', '1 k']) {
    assert.equal(parseByteSize(text), undefined, JSON.stringify(text))
  }
})
