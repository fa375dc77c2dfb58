import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import {
  anyBytes,
  anyValue,
  cut,
  cutSizes,
  writeValue,
} from '../../../tests/support/bridge-reference.ts'
import { isSoleBulk, MAX_REPLY_BYTES, ReplyCounter } from './reply-counter.ts'
import { ReplyScanner } from './resp-frame.ts'

test('all bytes come out as they went in, together with the last', () => {
  fc.assert(
    fc.property(fc.array(anyValue, { minLength: 1, maxLength: 4 }), cutSizes, (values, sizes) => {
      const whole = Buffer.concat(values.map(writeValue))
      const counter = new ReplyCounter(values.length)
      const pieces = cut(whole, sizes)
      const last = pieces.pop() ?? Buffer.alloc(0)
      for (const piece of pieces) assert.equal(counter.push(piece), undefined)
      assert.deepEqual(Buffer.from(counter.push(last) ?? []), whole)
    }),
  )
})

test('more than was asked for is an error', () => {
  assert.throws(() => new ReplyCounter(1).push(Buffer.from('+OK\r\n+OK\r\n')), RangeError)
  assert.throws(() => new ReplyCounter(1).push(Buffer.from('+OK\r\n\r')), RangeError)
})

test('a reply that would take too much memory is refused before it is all there', () => {
  const counter = new ReplyCounter(1)
  const chunk = Buffer.alloc(16_384, 'x')
  counter.push(Buffer.from(`$${MAX_REPLY_BYTES * 2}\r\n`))
  let taken = 0
  assert.throws(() => {
    for (; taken < MAX_REPLY_BYTES * 2; taken += chunk.length) counter.push(chunk)
  }, RangeError)
  assert.ok(taken <= MAX_REPLY_BYTES)
})

test('the short way never takes what is not one whole bulk string', () => {
  for (const length of [10, 99, 100, 999]) {
    assert.ok(isSoleBulk(writeValue(Buffer.alloc(length, 'x'))), `${length} bytes`)
  }
  const near = fc
    .tuple(fc.integer({ min: 0, max: 1100 }), fc.integer({ min: -3, max: 3 }), anyBytes)
    .map(([length, off, after]) =>
      Buffer.concat([
        Buffer.from(`$${length}\r\n`),
        Buffer.alloc(Math.max(0, length + off)),
        after,
      ]),
    )
  fc.assert(
    fc.property(fc.oneof(anyBytes, anyValue.map(writeValue), near), (bytes) => {
      if (isSoleBulk(bytes)) assert.equal(new ReplyScanner(1).scan(bytes), bytes.length)
    }),
  )
})
