import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import {
  anyBytes,
  anyValue,
  type Value,
  writeValue,
} from '../../../tests/support/bridge-reference.ts'
import { decodeReplies, type Reply, ReplyError, soleBulk } from './resp-decode.ts'
import { RespSyntaxError } from './resp-frame.ts'

const decode = (text: string) => decodeReplies(new Uint8Array(Buffer.from(text)))

/** What the value is once its bytes are text. */
function asReply(value: Value): Reply {
  if (value === null || typeof value === 'number') return value
  if (Buffer.isBuffer(value)) return value.toString()
  return 'error' in value ? new ReplyError(value.error) : value.map(asReply)
}

test('replies of every kind are decoded', () => {
  const [ok, missing, number, text, list, none, error] = decode(
    '+OK\r\n$-1\r\n:-42\r\n$4\r\na\r\nb\r\n*2\r\n:1\r\n$0\r\n\r\n*-1\r\n-NOSCRIPT gone\r\n',
  )
  assert.deepEqual(
    [ok, missing, number, text, list, none],
    ['OK', null, -42, 'a\r\nb', [1, ''], null],
  )
  assert.ok(error instanceof ReplyError)
  assert.equal(error.kind, 'NOSCRIPT')
})

test('any replies are decoded as they were', () => {
  fc.assert(
    fc.property(fc.array(anyValue), (values) => {
      assert.deepEqual(decodeReplies(Buffer.concat(values.map(writeValue))), values.map(asReply))
    }),
  )
})

test('a byte order mark is text like any other', () => {
  assert.deepEqual(decode('$4\r\n\ufeffx\r\n'), ['\ufeffx'])
})

test('what is cut off or no RESP is an error, never a value and never an endless loop', () => {
  const whole = '*2\r\n$3\r\nabc\r\n*1\r\n:12\r\n'
  for (let length = 1; length < whole.length; length++) {
    assert.throws(() => decode(whole.slice(0, length)), RespSyntaxError)
  }
  for (const text of [
    'HTTP/1.1\r\n',
    '$x\r\n',
    '$1\r\nabc\r\n',
    '*1\r\n?\r\n',
    ':1\n',
    '*9999999999\r\n',
  ]) {
    assert.throws(() => decode(text), RespSyntaxError, text)
  }
})

test('the short way answers exactly when the text is one bulk string in ASCII', () => {
  assert.equal(soleBulk('$2\r\nok\r\n'), 'ok')
  assert.equal(soleBulk('$0\r\n\r\n'), '')
  assert.equal(soleBulk('$6\r\na\r\nb\r\n\r\n'), 'a\r\nb\r\n')
  for (const text of [
    '',
    '$',
    '$1\r\n',
    '+OK\r\n',
    ':1\r\n',
    '$-1\r\n',
    '$3\r\nok\r\n',
    '$6\r\n名字\r\n',
  ]) {
    assert.equal(soleBulk(text), undefined, text)
  }
  fc.assert(
    fc.property(fc.array(anyValue, { maxLength: 3 }), anyBytes, (values, junk) => {
      for (const bytes of [Buffer.concat(values.map(writeValue)), junk]) {
        const bulk = soleBulk(bytes.toString())
        if (bulk !== undefined) assert.deepEqual(decodeReplies(bytes), [bulk])
      }
    }),
  )
})
