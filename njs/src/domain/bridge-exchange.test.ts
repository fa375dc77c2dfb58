import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import {
  anyBytes,
  anyValue,
  cut,
  cutSizes,
  type Value,
  writeValue,
} from '../../../tests/support/bridge-reference.ts'
import { BridgeExchange } from './bridge-exchange.ts'
import { encodeCommand, encodeCommands } from './resp-encode.ts'
import { RespSyntaxError } from './resp-frame.ts'

const PRELUDE = [
  ['AUTH', 'gate', 'geheim'],
  ['SELECT', '3'],
]
const WELCOME = '+OK\r\n+OK\r\n'

const request = (commands: number, body: Uint8Array) =>
  Buffer.concat([
    Buffer.from(
      `POST /_redis${commands === 1 ? '' : `?${commands}`} HTTP/1.1\r\nContent-Length: ${body.length}\r\n\r\n`,
    ),
    body,
  ])

/** Returns what goes to Redis for these pieces of a request. */
function ask(exchange: BridgeExchange, pieces: readonly Buffer[]): Buffer {
  return Buffer.concat(pieces.map((piece) => exchange.request(piece) ?? Buffer.alloc(0)))
}

/** Returns the one answer for these pieces of replies, which comes with the last of them. */
function answer(exchange: BridgeExchange, pieces: readonly Buffer[]): Buffer {
  const answers = pieces.map((piece) => exchange.reply(piece))
  const last = answers.pop()
  assert.ok(answers.every((early) => early === undefined))
  assert.ok(last !== undefined)
  return Buffer.from(last)
}

const PING = encodeCommand(['PING'])

/** Returns a connection that has signed in. */
function signedIn(): BridgeExchange {
  const exchange = new BridgeExchange(PRELUDE)
  ask(exchange, [request(1, PING)])
  answer(exchange, [Buffer.from(`${WELCOME}+PONG\r\n`)])
  return exchange
}

test('the first request signs in; the replies to that are not part of the answer', () => {
  const exchange = new BridgeExchange(PRELUDE)
  assert.deepEqual(
    ask(exchange, [request(1, PING)]),
    Buffer.concat([encodeCommands(PRELUDE), PING]),
  )
  assert.equal(answer(exchange, [Buffer.from(`${WELCOME}+PONG\r\n`)]).toString(), '+PONG\r\n')
  assert.equal(exchange.head, 'HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\n')
  assert.deepEqual(ask(exchange, [request(1, PING)]), Buffer.from(PING))
})

test('any exchanges one after the other are byte-exact, however both sides are cut', () => {
  const exchanges = fc.array(
    fc.tuple(
      fc.array(anyValue, { minLength: 1, maxLength: 3 }),
      fc.oneof(
        anyBytes,
        fc.integer({ min: 95, max: 1005 }).map((size) => Buffer.alloc(size, '$')),
      ),
      cutSizes,
      cutSizes,
    ),
    { minLength: 1, maxLength: 4 },
  )
  fc.assert(
    fc.property(exchanges, (list) => {
      const exchange = new BridgeExchange(PRELUDE)
      let first = true
      for (const [values, body, requestCuts, replyCuts] of list) {
        if (body.length === 0) continue
        const sent: Buffer = ask(exchange, cut(request(values.length, body), requestCuts))
        assert.deepEqual(sent, first ? Buffer.concat([encodeCommands(PRELUDE), body]) : body)
        const replies = Buffer.concat(values.map(writeValue))
        const bytes: Buffer = first ? Buffer.concat([Buffer.from(WELCOME), replies]) : replies
        assert.deepEqual(answer(exchange, cut(bytes, replyCuts)), replies)
        assert.match(
          exchange.head,
          new RegExp(`\\r\\nContent-Length: ${replies.length}\\r\\n\\r\\n$`),
        )
        first = false
      }
    }),
  )
})

test('a script call of usual size takes the short way and its reply may be cut all the same', () => {
  const body = Buffer.alloc(300, 'x')
  const reply = writeValue(Buffer.from('ok user 1 1 4 60000'))
  for (let at = 0; at <= reply.length; at++) {
    const exchange = signedIn()
    assert.deepEqual(ask(exchange, [request(1, body)]), body)
    const pieces = [reply.subarray(0, at), reply.subarray(at)].filter((piece) => piece.length > 0)
    assert.deepEqual(answer(exchange, pieces), reply)
    assert.deepEqual(ask(exchange, [request(1, body)]), body)
    assert.deepEqual(answer(exchange, [reply]), reply)
  }
})

for (const error of ['READONLY no', 'LOADING it', 'MASTERDOWN link', 'READONLY']) {
  test(`-${error}: handed on, and the connection is over`, () => {
    const values: readonly Value[] = [1, { error }, null]
    const replies = Buffer.concat(values.map(writeValue))
    const exchange = signedIn()
    ask(exchange, [request(3, Buffer.from('x'))])
    assert.deepEqual(answer(exchange, [replies]), replies)
    assert.match(exchange.head, /^HTTP\/1\.1 200 OK\r\nConnection: close\r\n/)
    assert.throws(() => exchange.request(request(1, PING)), RangeError)
    assert.equal(exchange.reply(Buffer.from('+late\r\n')), undefined)
  })
}

test('such words elsewhere leave the connection open', () => {
  const values: readonly Value[] = [
    Buffer.from('-READONLY no\r\n'),
    [{ error: 'READONLY inside' }],
    { error: 'READONLYX no' },
    { error: 'NOSCRIPT READONLY' },
  ]
  const exchange = signedIn()
  ask(exchange, [request(values.length, Buffer.from('x'))])
  answer(exchange, [Buffer.concat(values.map(writeValue))])
  assert.doesNotMatch(exchange.head, /Connection/)
  assert.deepEqual(ask(exchange, [request(1, PING)]), Buffer.from(PING))
})

test('a refused sign-in is a 502 that tells why, whatever else comes', () => {
  for (const replies of [
    '-WRONGPASS no\r\n+OK\r\n-NOAUTH Authentication required.\r\n',
    '+OK\r\n-WRONGPASS no\r\n',
    '-WRONGPASS no\r\n-NOAUTH\r\n+half',
  ]) {
    const exchange = new BridgeExchange(PRELUDE)
    ask(exchange, [request(1, PING)])
    const bytes = Buffer.from(replies)
    assert.match(String(answer(exchange, [bytes])), /^WRONGPASS no\n$/)
    assert.match(exchange.head, /^HTTP\/1\.1 502 [^\r]+\r\nConnection: close\r\n/)
    assert.equal(exchange.refusal, 'WRONGPASS no')
    assert.throws(() => exchange.request(request(1, PING)), RangeError)
  }
})

test('a second request while one is in flight is refused, on the short way too', () => {
  for (const body of [PING, Buffer.alloc(300)]) {
    const exchange = signedIn()
    ask(exchange, [request(1, body)])
    assert.throws(() => exchange.request(request(1, body)), RangeError)
    assert.throws(() => exchange.request(Buffer.from('P')), RangeError)
  }
})

test('bytes of Redis that nobody asked for are refused', () => {
  assert.throws(() => new BridgeExchange(PRELUDE).reply(Buffer.from('-ERR max\r\n')), RangeError)
  assert.throws(() => signedIn().reply(Buffer.from('+OK\r\n')), RangeError)
  const surplus = signedIn()
  ask(surplus, [request(1, Buffer.alloc(300))])
  assert.throws(() => surplus.reply(Buffer.from('+OK\r\n+OK\r\n')), RangeError)
  const early = signedIn()
  ask(early, [request(1, Buffer.alloc(300)).subarray(0, -1)])
  assert.throws(() => early.reply(Buffer.from('+OK\r\n')), RangeError)
  const garbage = signedIn()
  ask(garbage, [request(1, PING)])
  assert.throws(() => garbage.reply(Buffer.from('HTTP/1.1 400\r\n')), RespSyntaxError)
})

test('replies may come while the body is still on its way', () => {
  const exchange = signedIn()
  const whole = request(2, Buffer.alloc(50))
  ask(exchange, [whole.subarray(0, -1)])
  assert.equal(exchange.reply(Buffer.from('+OK\r\n')), undefined)
  ask(exchange, [whole.subarray(-1)])
  assert.equal(String(answer(exchange, [Buffer.from(':1\r\n')])), '+OK\r\n:1\r\n')
})

test('the end of either side, which comes as no bytes, changes nothing', () => {
  const exchange = signedIn()
  assert.equal(exchange.request(Buffer.alloc(0)), undefined)
  assert.equal(exchange.reply(Buffer.alloc(0)), undefined)
  assert.deepEqual(ask(exchange, [request(1, PING)]), Buffer.from(PING))
})
