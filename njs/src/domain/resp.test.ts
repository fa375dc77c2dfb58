import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { readBridgeRequest } from './bridge-request.ts'
import { ReplyCounter } from './reply-counter.ts'
import { decodeReplies, type Reply, ReplyError } from './resp-decode.ts'
import { encodeCommands, utf8Length } from './resp-encode.ts'
import { INCOMPLETE, RespSyntaxError, skipValue } from './resp-frame.ts'

const bytesOf = (text: string) => new Uint8Array(Buffer.from(text))

function encodeReply(reply: Reply): Buffer {
  if (reply === null) return Buffer.from('$-1\r\n')
  if (typeof reply === 'number') return Buffer.from(`:${reply}\r\n`)
  if (reply instanceof ReplyError) return Buffer.from(`-${reply.message}\r\n`)
  if (typeof reply === 'string') {
    return Buffer.from(`$${Buffer.byteLength(reply)}\r\n${reply}\r\n`)
  }
  return Buffer.concat([Buffer.from(`*${reply.length}\r\n`), ...reply.map(encodeReply)])
}

const { reply: replies } = fc.letrec<{ reply: Reply }>((tie) => ({
  reply: fc.oneof(
    { maxDepth: 3 },
    fc.string({ unit: 'binary', maxLength: 20 }),
    fc.integer(),
    fc.constant(null),
    fc.constant(new ReplyError('ERR no such thing')),
    fc.array(tie('reply'), { maxLength: 4 }),
  ),
}))

test('lengths count UTF-8 bytes for any text', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      assert.equal(utf8Length(text), Buffer.byteLength(text))
    }),
  )
})

test('a pipeline of any text is framed as Redis reads it', () => {
  assert.equal(
    encodeCommands([['SET', 'k', '名字']]),
    '*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$6\r\n名字\r\n',
  )
  fc.assert(
    fc.property(
      fc.array(fc.array(fc.string({ unit: 'grapheme' }), { minLength: 1 }), { minLength: 1 }),
      (commands) => {
        assert.deepEqual(decodeReplies(bytesOf(encodeCommands(commands))), commands)
      },
    ),
  )
})

test('replies of every kind are decoded', () => {
  const [ok, missing, number, text, list, none, error] = decodeReplies(
    bytesOf(
      '+OK\r\n$-1\r\n:-42\r\n$4\r\na\r\nb\r\n*2\r\n:1\r\n$0\r\n\r\n*-1\r\n-NOSCRIPT gone\r\n',
    ),
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
    fc.property(fc.array(replies), (values) => {
      assert.deepEqual(decodeReplies(Buffer.concat(values.map(encodeReply))), values)
    }),
  )
})

test('the counter waits for the last reply, wherever the bytes are split', () => {
  fc.assert(
    fc.property(
      fc.array(replies, { minLength: 1, maxLength: 4 }),
      fc.infiniteStream(fc.nat(9)),
      (values, sizes) => {
        const whole = Buffer.concat(values.map(encodeReply))
        const counter = new ReplyCounter(values.length)
        let sent = 0
        for (const size of sizes) {
          const chunk = whole.subarray(sent, sent + size + 1)
          sent += chunk.length
          const all = counter.push(chunk)
          if (sent < whole.length) assert.equal(all, undefined)
          else {
            assert.deepEqual(Buffer.from(all ?? []), whole)
            return
          }
        }
      },
    ),
  )
})

test('bytes after the last reply, or no RESP at all, are errors', () => {
  assert.throws(() => new ReplyCounter(1).push(bytesOf('+OK\r\n+OK\r\n')), RangeError)
  for (const text of [
    'HTTP/1.1 400 Bad Request\r\n',
    '$x\r\n',
    ':1\rx',
    '$1\r\nabc\r\n',
    '*1\r\n?',
  ]) {
    assert.throws(() => {
      if (skipValue(bytesOf(text), 0) === INCOMPLETE) throw new RespSyntaxError('incomplete')
    }, RespSyntaxError)
  }
})

test('a bridge request is whole only with its last byte', () => {
  const body = encodeCommands([['PING'], ['GET', '键']])
  const head = `POST / HTTP/1.1\r\nContent-Length: ${Buffer.byteLength(body)}\r\nX: y\r\n\r\n`
  const whole = bytesOf(head + body)
  for (let length = 0; length < whole.length; length++) {
    assert.equal(readBridgeRequest(whole.subarray(0, length)), undefined)
  }
  const request = readBridgeRequest(whole)
  assert.equal(request?.commands, 2)
  assert.equal(Buffer.from(request?.body ?? []).toString(), body)
})

test('what is no bridge request is refused', () => {
  const requests = [
    'POST / HTTP/1.1\r\n\r\n',
    'POST / HTTP/1.1\r\nContent-Length: 0\r\n\r\n',
    'POST / HTTP/1.1\r\nContent-Length: x\r\n\r\n',
    'POST / HTTP/1.1\r\nContent-Length: 99999999\r\n\r\n',
    'POST / HTTP/1.1\r\nContent-Length: 5\r\n\r\n+OK\r\nextra',
    'a'.repeat(9000),
  ]
  for (const text of requests) assert.throws(() => readBridgeRequest(bytesOf(text)), RangeError)
})
