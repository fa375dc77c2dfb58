import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { anyBytes, cut, cutSizes } from '../../../tests/support/bridge-reference.ts'
import { RequestReader, soleRequestBody } from './bridge-request.ts'

const request = (target: string, body: Buffer, fields = '') =>
  Buffer.concat([
    Buffer.from(`POST ${target} HTTP/1.1\r\n${fields}Content-Length: ${body.length}\r\n\r\n`),
    body,
  ])

function read(pieces: readonly Buffer[]): { reader: RequestReader; body: Buffer } {
  const reader = new RequestReader()
  const body = Buffer.concat(pieces.map((piece) => reader.push(piece)))
  return { reader, body }
}

const someBody = anyBytes.filter((bytes) => bytes.length > 0)

test('the body is handed on byte by byte, however head and body are cut', () => {
  fc.assert(
    fc.property(someBody, cutSizes, (body, sizes) => {
      const whole = request('/_redis?3', body, 'Host: bridge\r\nX: y\r\n')
      const { reader, body: got } = read(cut(whole, sizes))
      assert.deepEqual(got, body)
      assert.equal(reader.commands, 3)
      assert.ok(reader.isWhole)
    }),
  )
})

test('a request is whole only with its last byte', () => {
  const whole = request('/_redis', Buffer.from('*1\r\n$4\r\nPING\r\n'))
  for (let length = 0; length < whole.length; length++) {
    assert.ok(!read([whole.subarray(0, length)]).reader.isWhole)
  }
  const { reader } = read([whole])
  assert.ok(reader.isWhole)
  assert.equal(reader.commands, 1)
})

test('what is no bridge request is refused', () => {
  const refused = [
    'GET /_redis HTTP/1.1\r\nContent-Length: 1\r\n\r\nx',
    'POST /_redis\r\nContent-Length: 1\r\n\r\nx',
    'POST /_redis HTTP/1.1\r\n\r\n',
    'POST /_redis HTTP/1.1\r\nContent-Length: 0\r\n\r\n',
    'POST /_redis HTTP/1.1\r\nContent-Length: x\r\n\r\n',
    'POST /_redis HTTP/1.1\r\nContent-Length: 1.5\r\n\r\n',
    'POST /_redis HTTP/1.1\r\nContent-Length: -1\r\n\r\n',
    'POST /_redis HTTP/1.1\r\nContent-Length: 99999999\r\n\r\n',
    'POST /_redis HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n',
    'POST /_redis?0 HTTP/1.1\r\nContent-Length: 1\r\n\r\nx',
    'POST /_redis? HTTP/1.1\r\nContent-Length: 1\r\n\r\nx',
    'POST /_redis?99999 HTTP/1.1\r\nContent-Length: 1\r\n\r\nx',
    'POST /_redis HTTP/1.1\r\nContent-Length: 5\r\n\r\n+OK\r\nextra',
    'a'.repeat(9000),
  ]
  for (const text of refused) assert.throws(() => read([Buffer.from(text)]), RangeError, text)
})

test('the short way answers exactly for a whole request with three digits of length', () => {
  for (const length of [100, 345, 999]) {
    const body = Buffer.alloc(length, 'x')
    const whole = request('/_redis', body)
    assert.deepEqual(soleRequestBody(whole), body)
    assert.equal(soleRequestBody(whole.subarray(0, -1)), undefined)
    assert.equal(soleRequestBody(Buffer.concat([whole, body.subarray(0, 1)])), undefined)
    assert.equal(soleRequestBody(request('/_redis?1', body)), undefined)
    assert.equal(soleRequestBody(request('/_redis', body, 'Host: bridge\r\n')), undefined)
  }
  for (const length of [1, 99, 1000]) {
    assert.equal(soleRequestBody(request('/_redis', Buffer.alloc(length))), undefined)
  }
  assert.equal(soleRequestBody(Buffer.alloc(0)), undefined)
})

test('the short way never takes part of a request, or other bytes', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 90, max: 1010 }),
      fc.constantFrom('/_redis', '/_redis?1', '/_redis?12', '/'),
      fc.constantFrom('', 'Host: bridge\r\n', 'X: 123\r\n'),
      fc.integer({ min: -3, max: 3 }),
      (length, target, fields, off) => {
        const whole = request(target, Buffer.alloc(length, '7'), fields)
        const bytes =
          off > 0
            ? Buffer.concat([whole, Buffer.alloc(off)])
            : whole.subarray(0, whole.length + off)
        const body = soleRequestBody(bytes)
        if (body === undefined) return
        const { reader, body: expected } = read([bytes])
        assert.deepEqual(body, expected)
        assert.equal(reader.commands, 1)
      },
    ),
  )
})
