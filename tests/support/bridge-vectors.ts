/**
 * What goes over the bridge, as data, and a check of the gate's code against it that needs nothing of
 * Node: the same vectors are run in Node and in the QuickJS of nginx.
 */

import { BridgeExchange } from '../../njs/src/domain/bridge-exchange.ts'
import {
  decodeReplies,
  type Reply,
  ReplyError,
  soleBulk,
} from '../../njs/src/domain/resp-decode.ts'
import { encodeCommand, encodeCommands } from '../../njs/src/domain/resp-encode.ts'
import { INCOMPLETE, ReplyScanner } from '../../njs/src/domain/resp-frame.ts'

/** Bytes are written as text whose characters are the bytes. */
type Bytes = string

const ALL_BYTES: Bytes = String.fromCharCode(...Array.from({ length: 256 }, (_, byte) => byte))
const ASCII = ALL_BYTES.slice(0, 128)

/** Commands, and their bytes. */
const COMMANDS: readonly (readonly [readonly (readonly string[])[], Bytes])[] = [
  [[['PING']], '*1\r\n$4\r\nPING\r\n'],
  [[['GET', ''], ['A']], '*2\r\n$3\r\nGET\r\n$0\r\n\r\n*1\r\n$1\r\nA\r\n'],
  [[['ECHO', '名字']], '*2\r\n$4\r\nECHO\r\n$6\r\n\xe5\x90\x8d\xe5\xad\x97\r\n'],
  [[['ECHO', '🚀é']], '*2\r\n$4\r\nECHO\r\n$6\r\n\xf0\x9f\x9a\x80\xc3\xa9\r\n'],
  [[['ECHO', '\ufeffx']], '*2\r\n$4\r\nECHO\r\n$4\r\n\xef\xbb\xbfx\r\n'],
  [[['ECHO', ASCII]], `*2\r\n$4\r\nECHO\r\n$128\r\n${ASCII}\r\n`],
  [
    [['1', '22', '333', '4444', '55555']],
    '*5\r\n$1\r\n1\r\n$2\r\n22\r\n$3\r\n333\r\n$4\r\n4444\r\n$5\r\n55555\r\n',
  ],
]

/** Replies in bytes, and as values; an error stands as its message in an object. */
const REPLIES: readonly (readonly [Bytes, readonly unknown[]])[] = [
  ['+OK\r\n', ['OK']],
  ['+\r\n', ['']],
  [':0\r\n:-1\r\n:9007199254740991\r\n', [0, -1, 9007199254740991]],
  ['$-1\r\n*-1\r\n', [null, null]],
  ['$0\r\n\r\n*0\r\n', ['', []]],
  ['$6\r\na\r\nb\r\n\r\n', ['a\r\nb\r\n']],
  ['$3\r\n\x00\x01\x02\r\n', ['\x00\x01\x02']],
  ['$6\r\n\xe5\x90\x8d\xe5\xad\x97\r\n', ['名字']],
  ['$7\r\n\xef\xbb\xbf\xf0\x9f\x9a\x80\r\n', ['\ufeff🚀']],
  ['-NOSCRIPT No matching script.\r\n', [{ error: 'NOSCRIPT No matching script.' }]],
  ['*3\r\n:1\r\n*2\r\n$1\r\nx\r\n-ERR in\r\n*1\r\n*0\r\n', [[1, ['x', { error: 'ERR in' }], [[]]]]],
  ['$25\r\nok user 1 - - 1 5 4 59999\r\n', ['ok user 1 - - 1 5 4 59999']],
]

/** Bytes after which a connection cannot be used any more. */
const GARBAGE: readonly Bytes[] = [
  'HTTP/1.1 400 Bad Request\r\n',
  '\r\n',
  '$x\r\n',
  '$-2\r\n',
  '$1\r\nab\r\n',
  ':1.5\r\n',
  '+a\rb\r\n',
  '+a\n',
  '*1\r\n_\r\n',
  '\xff',
]

const DECODER = new TextDecoder('utf-8', { ignoreBOM: true })

/** Returns a line for each vector that does not hold; none if all is well. */
export function failedVectors(): string[] {
  const failed: string[] = []
  const check = (name: string, holds: () => boolean) => {
    try {
      if (!holds()) failed.push(name)
    } catch (error) {
      failed.push(`${name}: ${String(error)}`)
    }
  }
  for (const [commands, bytes] of COMMANDS) {
    const name = JSON.stringify(commands)
    check(`encode ${name}`, () => textOf(encodeCommands(commands)) === bytes)
    const each = () => commands.map((command) => textOf(encodeCommand(command))).join('')
    check(`encode one by one ${name}`, () => each() === bytes)
  }
  // Which three bytes a lone surrogate becomes differs; that they are counted right must not.
  const lone = '*2\r\n$3\r\nxyz\r\n$0\r\n\r\n'
  check('lone surrogate', () => {
    const sent = textOf(encodeCommand(['\ud83d', '']))
    return `${sent.slice(0, 8)}xyz${sent.slice(11)}` === lone
  })
  for (const [bytes, values] of REPLIES) {
    const name = JSON.stringify(bytes)
    const expected = JSON.stringify(values)
    check(
      `decode ${name}`,
      () => JSON.stringify(decodeReplies(bytesOf(bytes)).map(told)) === expected,
    )
    check(`sole ${name}`, () => {
      const bulk = soleBulk(DECODER.decode(new Uint8Array(bytesOf(bytes)).buffer))
      return bulk === undefined || JSON.stringify([bulk]) === expected
    })
    for (let at = 0; at <= bytes.length; at++) {
      check(`scan ${name} cut at ${at}`, () => endsAtEnd(bytes, values.length, at))
      check(`exchange ${name} cut at ${at}`, () => isHandedOn(bytes, values.length, at))
    }
  }
  for (const bytes of GARBAGE) {
    check(`garbage ${JSON.stringify(bytes)}`, () =>
      throws(() => new ReplyScanner(2).scan(bytesOf(bytes))),
    )
  }
  check('sole', () => soleBulk('$2\r\nok\r\n') === 'ok' && soleBulk('$3\r\nok\r\n') === undefined)
  check('all bytes', () => isHandedOn(`$256\r\n${ALL_BYTES}\r\n`, 1, 100))
  return failed
}

function endsAtEnd(bytes: Bytes, replies: number, at: number): boolean {
  const scanner = new ReplyScanner(replies)
  const first = scanner.scan(bytesOf(bytes.slice(0, at)))
  if (at === bytes.length) return first === at
  return first === INCOMPLETE && scanner.scan(bytesOf(bytes.slice(at))) === bytes.length - at
}

/** Sends two requests, one before and one after, so that short ways and signing in take part. */
function isHandedOn(bytes: Bytes, replies: number, at: number): boolean {
  const exchange = new BridgeExchange([['AUTH', 'x']])
  const ask = (text: Bytes) => textOf(exchange.request(bytesOf(text)))
  const answer = (text: Bytes) => textOf(exchange.reply(bytesOf(text)))
  const body = ALL_BYTES
  const head = (count: number) =>
    `POST /_redis${count === 1 ? '' : `?${count}`} HTTP/1.1\r\nContent-Length: ${body.length}\r\n\r\n`
  const sent = ask(head(replies).slice(0, at)) + ask(head(replies).slice(at) + body)
  const early = answer(`+OK\r\n${bytes.slice(0, at)}`)
  const late = at === bytes.length ? '' : answer(bytes.slice(at))
  const again = ask(head(1) + body)
  return (
    sent === `*2\r\n$4\r\nAUTH\r\n$1\r\nx\r\n${body}` &&
    early + late === bytes &&
    again === body &&
    answer('$10\r\n0123456789\r\n') === '$10\r\n0123456789\r\n'
  )
}

function told(reply: Reply): unknown {
  if (reply instanceof ReplyError) return { error: reply.message }
  return Array.isArray(reply) ? reply.map(told) : reply
}

function throws(work: () => unknown): boolean {
  try {
    work()
    return false
  } catch {
    return true
  }
}

function bytesOf(text: Bytes): Uint8Array {
  return Uint8Array.from(text, (character) => character.charCodeAt(0))
}

function textOf(bytes: Uint8Array | undefined): Bytes {
  return bytes === undefined ? '' : String.fromCharCode(...bytes)
}
