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
import { INCOMPLETE, ReplyScanner, RespSyntaxError } from './resp-frame.ts'

test('the end of the last awaited reply is found, wherever the bytes are cut', () => {
  fc.assert(
    fc.property(
      fc.array(anyValue, { minLength: 1, maxLength: 4 }),
      anyBytes,
      cutSizes,
      (values, after, sizes) => {
        const whole = Buffer.concat(values.map(writeValue))
        const scanner = new ReplyScanner(values.length)
        let position = 0
        for (const piece of cut(Buffer.concat([whole, after]), sizes)) {
          const end = scanner.scan(piece)
          if (end !== INCOMPLETE) {
            assert.equal(position + end, whole.length)
            return
          }
          position += piece.length
          assert.ok(position < whole.length, 'the end was passed over')
        }
        assert.fail('the end was not found')
      },
    ),
  )
})

test('every split point of one reply of every kind', () => {
  const whole = Buffer.from('*5\r\n$3\r\na\r\n\r\n*2\r\n:-7\r\n$-1\r\n+\r\n*0\r\n-ERR no\r\n')
  for (let at = 0; at <= whole.length; at++) {
    const scanner = new ReplyScanner(1)
    const first = scanner.scan(whole.subarray(0, at))
    assert.equal(first, at === whole.length ? at : INCOMPLETE)
    if (at < whole.length) assert.equal(scanner.scan(whole.subarray(at)), whole.length - at)
  }
})

test('errors are told if they are replies of their own, not if they are parts of one', () => {
  const scanner = new ReplyScanner(3)
  const text = '-READONLY you cannot\r\n*2\r\n-ERR inside\r\n$4\r\n-X\r\n\r\n-NOSCRIPT\r\n'
  for (const byte of Buffer.from(text)) scanner.scan(Uint8Array.of(byte))
  assert.deepEqual(scanner.errors, ['READONLY you cannot', 'NOSCRIPT'])
})

test('what is no RESP is refused as soon as it shows', () => {
  const refused = [
    ...['H', 'POST', '\r\n', '\0', '_\r\n', '%1\r\n', '>2\r\n', '#t\r\n'],
    ...['$x\r\n', '$\r\n', '$-2\r\n', '$1 \r\n', '*-3\r\n', ':\r\n', ':1.5\r\n', ':-\r\n'],
    ...[
      '+a\rb',
      ':1\rx',
      '+a\n',
      '$1\r\nabc',
      '$1\r\na\n',
      '$1\r\na\rb',
      '*1\r\n?',
      `+${'x'.repeat(70_000)}`,
    ],
  ]
  for (const text of refused) {
    assert.throws(() => new ReplyScanner(9).scan(Buffer.from(text)), RespSyntaxError, text)
    assert.throws(() => {
      const scanner = new ReplyScanner(9)
      for (const byte of Buffer.from(text)) scanner.scan(Uint8Array.of(byte))
    }, RespSyntaxError)
  }
})

test('whatever comes, it ends: with an end, a wish for more, or an error', () => {
  fc.assert(
    fc.property(anyBytes, cutSizes, (bytes, sizes) => {
      const scanner = new ReplyScanner(3)
      try {
        for (const piece of cut(bytes, sizes)) {
          const end = scanner.scan(piece)
          assert.ok(end >= INCOMPLETE && end <= piece.length)
        }
      } catch (error) {
        assert.ok(error instanceof RespSyntaxError)
      }
    }),
  )
})
