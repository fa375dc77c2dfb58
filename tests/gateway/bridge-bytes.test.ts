/** Whatever bytes go over the bridge come out as they went in, in nginx as in Node. */

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect, createServer } from 'node:net'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { soleRequestBody } from '../../njs/src/domain/bridge-request.ts'
import { MAX_REPLY_BYTES } from '../../njs/src/domain/reply-counter.ts'
import { encodeCommand, encodeCommands } from '../../njs/src/domain/resp-encode.ts'
import { tempFolder } from '../../scripts/test/temp-folder.ts'
import { type BridgeNginx, startBridgeNginx, type Way } from '../support/bridge-nginx.ts'
import { rawBridge } from '../support/bridge-raw.ts'
import { type OwnRedis, startRedis } from '../support/bridge-redis.ts'
import { writeValue } from '../support/bridge-reference.ts'
import { failedVectors } from '../support/bridge-vectors.ts'
import { pass, type RedisProxy, splitBytes, startRedisProxy } from '../support/redis-proxy.ts'

const WAYS: readonly Way[] = ['byPipeline', 'byCall', 'byAsk', 'detached']
const ALL_BYTES = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte))
const bulk = (words: readonly (string | Buffer)[]) =>
  Buffer.concat([
    Buffer.from(`*${words.length}\r\n`),
    ...words.map((word) => writeValue(Buffer.from(word))),
  ])

let redis: OwnRedis
let proxy: RedisProxy
let nginx: BridgeNginx
before(async () => {
  redis = await startRedis()
  proxy = await startRedisProxy(redis.socket)
  nginx = await startBridgeNginx({
    address: proxy.address,
    password: redis.password,
    // Megabytes take their time on a busy machine.
    turn: (text) => text.replaceAll('600ms', '5s'),
  })
})
after(async () => {
  await nginx?.stop()
  await proxy?.close()
  await redis?.remove()
})

test('the vectors hold in Node', () => {
  assert.deepEqual(failedVectors(), [])
})

test('the same vectors hold in the QuickJS of nginx', async () => {
  assert.equal(await nginx.get('/vectors'), '[]')
})

for (const way of WAYS) {
  test(`${way}: replies of every kind`, async () => {
    const key = `kinds:${way}`
    const replies = await nginx.replies(way, [
      ['SET', key, '名\r\n字\0'],
      ['GET', key],
      ['GET', `${key}:none`],
      ['STRLEN', key],
      ['EVAL', "return {1, 'a', {false, {}, {ok='fine'}}, {err='NO inside'}}", '0'],
      ['EVALSHA', 'f'.repeat(40), '0'],
      ['LPUSH', key, 'x'],
      ['EVAL', "return 'ok user 1 - - 1 5 4 59999'", '0'],
      ['ECHO', ''],
      ['ECHO', 'x'.repeat(5000)],
      ['EVAL', 'return redis.status_reply("")', '0'],
    ])
    assert.deepEqual(replies, [
      'OK',
      '名\r\n字\0',
      null,
      9,
      [1, 'a', [null, [], 'fine'], { error: 'NO inside', kind: 'NO' }],
      { error: 'NOSCRIPT No matching script. Please use EVAL.', kind: 'NOSCRIPT' },
      {
        error: 'WRONGTYPE Operation against a key holding the wrong kind of value',
        kind: 'WRONGTYPE',
      },
      'ok user 1 - - 1 5 4 59999',
      '',
      'x'.repeat(5000),
      '',
    ])
  })

  test(`${way}: text of every length around the borders of short ways and buffers`, async () => {
    const lengths = [
      ...Array(30).keys(),
      95,
      96,
      97,
      98,
      99,
      100,
      127,
      128,
      500,
      990,
      999,
      1000,
      9000,
    ]
    const words = lengths.flatMap((length) => ['a'.repeat(length), `${'a'.repeat(length)}é`])
    const replies = await nginx.replies(
      way,
      words.map((word) => ['ECHO', word]),
    )
    assert.deepEqual(replies, words)
  })
}

test('bytes that are no text are stored and read as they are', async () => {
  const raw = rawBridge(nginx.socket)
  const set = await raw.ask(bulk(['SET', 'bytes', ALL_BYTES]))
  assert.equal(set.body.toString(), '+OK\r\n')
  const got = await raw.ask(bulk(['GET', 'bytes']))
  assert.deepEqual(got.body, writeValue(ALL_BYTES))
  const long = Buffer.concat([ALL_BYTES, ALL_BYTES, Buffer.from('\r\n$5\r\n')])
  assert.deepEqual((await raw.ask(bulk(['ECHO', long]))).body, writeValue(long))
  raw.close()
})

for (const size of [16_384 - 50, 65_536, 1_048_576]) {
  test(`a bulk string of ${size} bytes, there and back`, async () => {
    const raw = rawBridge(nginx.socket)
    const value = Buffer.from(
      Array.from({ length: size }, (_, index) => (index * 7 + (index >> 8)) & 255),
    )
    assert.equal((await raw.ask(bulk(['SET', 'large', value]))).body.toString(), '+OK\r\n')
    const { body } = await raw.ask(bulk(['GET', 'large']))
    assert.ok(body.equals(writeValue(value)))
    const after = await raw.ask(bulk(['PING']))
    assert.equal(after.body.toString(), '+PONG\r\n')
    raw.close()
  })
}

test('a pipeline of a thousand commands', async () => {
  const commands = Array.from({ length: 1000 }, (_, index) => ['ECHO', String(index)])
  const replies = await nginx.replies('byPipeline', commands)
  assert.deepEqual(
    replies,
    commands.map(([, word]) => word),
  )
})

test('a megabyte reaches the gate, and more than four of them are Redis being unavailable', async () => {
  const text = (size: number) => ['EVAL', `return string.rep('x', ${size})`, '0']
  for (const way of ['byPipeline', 'byCall', 'byAsk'] as const) {
    assert.deepEqual(await nginx.replies(way, [text(1_048_576)]), ['x'.repeat(1_048_576)])
    const { status, text: told } = await nginx.send(way, [text(MAX_REPLY_BYTES)])
    assert.match(`${status} ${told}`, /^(?:503 .*|200 \[\{"unavailable":".*)Redis is unavailable/)
    assert.deepEqual(await nginx.replies(way, [['PING']]), ['PONG'])
  }
})

test('replies that come one byte at a time', async () => {
  proxy.meddle(splitBytes)
  const raw = rawBridge(nginx.socket)
  const nested = ['EVAL', "return {1, {'a\\r\\nb', {}}, false}", '0']
  for (let round = 0; round < 20; round++) {
    const answer = await raw.ask(Buffer.concat([bulk(nested), bulk(['ECHO', ALL_BYTES])]), 2)
    const expected = Buffer.concat([
      writeValue([1, [Buffer.from('a\r\nb'), []], null]),
      writeValue(ALL_BYTES),
    ])
    assert.deepEqual(answer.body, expected)
  }
  for (const way of WAYS) assert.deepEqual(await nginx.replies(way, [['ECHO', '名']]), ['名'])
  raw.close()
  proxy.meddle(pass)
})

test('requests that come one byte at a time', async () => {
  const socket = connect(nginx.socket)
  socket.setNoDelay(true)
  const body = bulk(['ECHO', ALL_BYTES])
  const head = `POST /_redis HTTP/1.1\r\nContent-Length: ${body.length}\r\n\r\n`
  const whole = Buffer.concat([Buffer.from(head), body])
  const expected = Buffer.concat([
    Buffer.from('HTTP/1.1 200 OK\r\nContent-Length: 264\r\n\r\n'),
    writeValue(ALL_BYTES),
  ])
  for (let round = 0; round < 5; round++) {
    let answer = Buffer.alloc(0)
    const collect = (bytes: Buffer) => {
      answer = Buffer.concat([answer, bytes])
    }
    socket.on('data', collect)
    for (const byte of whole) {
      socket.write(Buffer.of(byte))
      await new Promise((resolve) => setImmediate(resolve))
    }
    while (answer.length < expected.length) await once(socket, 'data')
    socket.off('data', collect)
    assert.deepEqual(answer, expected)
  }
  socket.destroy()
})

test("what nginx's http side writes is what the short way of the bridge is made for", async () => {
  const command = [
    'EVALSHA',
    'f'.repeat(40),
    '2',
    `{u:1}:sess:${'a'.repeat(64)}`,
    '{u:1}:user',
    'x',
  ]
  const socket = join(tempFolder(), 'capture.sock')
  const seen: Buffer[] = []
  const capture = createServer((connection) => {
    connection.on('data', (bytes) => {
      seen.push(bytes)
      connection.write('HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n+OK\r\n')
    })
  })
  capture.listen(socket)
  await once(capture, 'listening')
  const other = await startBridgeNginx({ address: redis.address, insteadOfBridge: socket })
  assert.deepEqual(await other.replies('byAsk', [command]), ['OK'])
  assert.deepEqual(
    seen.map((bytes) => Buffer.from(soleRequestBody(bytes) ?? [])),
    [Buffer.from(encodeCommand(command))],
  )
  await other.replies('byPipeline', [['PING']])
  assert.equal(
    String(seen[1]),
    `POST /_redis?1 HTTP/1.1\r\nContent-Length: 14\r\n\r\n${Buffer.from(encodeCommands([['PING']]))}`,
  )
  await other.stop()
  capture.close()
})

test('nothing of this is worth a line in the log, but for the reply that was too large', async () => {
  const lines = (await nginx.log()).split('\n')
  const bad = lines.filter((line) => /\[(?:warn|error|crit|alert)\]/.test(line))
  const expected = /reply is too large|not a TypedArray|prematurely closed|reset by peer/
  assert.deepEqual(
    bad.filter((line) => !expected.test(line)),
    [],
  )
})
