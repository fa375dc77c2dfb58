/** How the bridge treats its connections: kept, shared out, refused and given up. */

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect } from 'node:net'
import { after, afterEach, before, test } from 'node:test'
import { waitFor } from '../../scripts/stack/readiness.ts'
import { type BridgeNginx, type BridgeSettings, startBridgeNginx } from '../support/bridge-nginx.ts'
import { rawBridge } from '../support/bridge-raw.ts'
import { bridgeClients, type OwnRedis, startRedis } from '../support/bridge-redis.ts'
import {
  holdBack,
  pass,
  type RedisProxy,
  startFakeRedis,
  startRedisProxy,
} from '../support/redis-proxy.ts'
import { timed } from '../support/timed.ts'

const SETTLED_MS = 5000
const PING = Buffer.from('*1\r\n$4\r\nPING\r\n')

let redis: OwnRedis
let proxy: RedisProxy
let nginx: BridgeNginx | undefined
before(async () => {
  redis = await startRedis([
    'user gate on >geheim ~* &* +@all',
    'user mute on >geheim ~* +echo +auth',
  ])
  proxy = await startRedisProxy(redis.socket)
})
afterEach(async () => {
  await nginx?.stop()
  nginx = undefined
})
after(async () => {
  await proxy?.close()
  await redis?.remove()
})

async function start(settings: Partial<BridgeSettings> = {}): Promise<BridgeNginx> {
  nginx = await startBridgeNginx({
    address: proxy.address,
    password: redis.password,
    ...settings,
  })
  return nginx
}

/** Resolves once the bridge has no connection to Redis any more. */
function allClosed(): Promise<void> {
  return waitFor(async () => {
    const clients = await bridgeClients(redis)
    if (clients.length > 0) throw new Error(`${clients.length} connections are still open`)
  }, SETTLED_MS)
}

test('one connection serves one request after the other, by the name, user and database given', async () => {
  const bridge = await start({ user: 'gate', password: 'geheim', database: 3 })
  const before = proxy.accepted
  for (let round = 0; round < 50; round++) {
    assert.deepEqual(await bridge.replies('byAsk', [['ECHO', `${round}`]]), [`${round}`])
  }
  assert.equal(proxy.accepted - before, 1)
  const clients = await bridgeClients(redis)
  assert.deepEqual(
    clients.map(({ name, user, db }) => ({ name, user, db })),
    [{ name: 'chatgate-gate', user: 'gate', db: '3' }],
  )
})

test('many requests at once take as many connections, which are kept for the next', async () => {
  const bridge = await start()
  const before = proxy.accepted
  for (let round = 0; round < 10; round++) {
    const words = Array.from({ length: 20 }, (_, lane) => `${round}.${lane}`)
    const replies = await Promise.all(
      words.map((word) => bridge.replies('byCall', [['ECHO', word]])),
    )
    assert.deepEqual(
      replies,
      words.map((word) => [word]),
    )
  }
  assert.ok(proxy.accepted - before <= 20, `${proxy.accepted - before} connections`)
  const kept = await bridgeClients(redis)
  assert.ok(kept.length <= proxy.accepted - before)
  assert.ok(kept.every(({ db, user }) => db === '0' && user === 'default'))
})

const REFUSALS: readonly (readonly [string, Partial<BridgeSettings>, RegExp])[] = [
  ['a wrong password', { password: 'wrong' }, /WRONGPASS/],
  ['a wrong user', { user: 'nobody', password: 'geheim' }, /WRONGPASS/],
  ['no password where one is needed', { password: '' }, /NOAUTH/],
  ['a database that is not there', { database: 99 }, /DB index is out of range/],
  ['a user without the rights', { user: 'mute', password: 'geheim' }, /NOPERM/],
]

for (const [what, settings, why] of REFUSALS) {
  test(`${what}: unavailable, told in the log, and nothing stays open`, async () => {
    const bridge = await start(settings)
    const before = proxy.accepted
    const { status, text } = await bridge.send('byCall', [['ECHO', 'x']])
    assert.equal(status, 503)
    assert.match(text, /bridge answered 502/)
    assert.ok(proxy.accepted > before)
    const told = (await bridge.log()).split('\n').filter((line) => line.includes('bridge: Redis'))
    assert.match(told[0] ?? '', why)
    assert.ok(told.every((line) => !/geheim|probe/.test(line)))
    const raw = rawBridge(bridge.socket)
    const answer = await raw.ask(PING)
    assert.equal(answer.status, 502)
    assert.equal(answer.headers.connection, 'close')
    assert.match(String(answer.body), why)
    raw.close()
    await waitFor(async () => assert.equal(proxy.open, 0), SETTLED_MS)
  })
}

test('more at once than max_conns: refused at once, while those before wait for Redis', async () => {
  const bridge = await start({
    turn: (text) => text.replace('max_conns=128', 'max_conns=3').replaceAll('600ms', '10s'),
  })
  const before = proxy.open
  const { hold, release } = holdBack()
  proxy.meddle(hold)
  const waiting = [1, 2, 3].map((lane) => bridge.replies('byAsk', [['ECHO', `${lane}`]]))
  await waitFor(async () => assert.equal(proxy.open - before, 3), SETTLED_MS)
  const refused = await Promise.all(
    Array.from({ length: 30 }, () => timed(bridge.send('byCall', [['ECHO', 'x']]))),
  )
  for (const { value, ms } of refused) {
    assert.equal(value.status, 503)
    assert.ok(ms < 1000, `refused after ${ms} ms`)
  }
  assert.equal(proxy.open - before, 3)
  proxy.meddle(pass)
  release()
  assert.deepEqual(await Promise.all(waiting), [['1'], ['2'], ['3']])
  assert.deepEqual(await bridge.replies('byAsk', [['ECHO', 'after']]), ['after'])
})

test('a request while another is in flight closes the connection', async () => {
  const bridge = await start()
  const { hold, release } = holdBack()
  proxy.meddle(hold)
  const socket = connect(bridge.socket)
  socket.write(`POST /_redis HTTP/1.1\r\nContent-Length: ${PING.length}\r\n\r\n${PING}`)
  await waitFor(async () => assert.equal((await bridgeClients(redis)).length, 1), SETTLED_MS)
  socket.write('P')
  await once(socket, 'close')
  proxy.meddle(pass)
  release()
  await allClosed()
})

test('garbage from the http side closes the connection', async () => {
  const bridge = await start()
  for (const text of [
    'GET / HTTP/1.1\r\nHost: x\r\n\r\n',
    'POST /_redis HTTP/1.1\r\nContent-Length: 5\r\n\r\ntoo long',
    'POST /_redis HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
    '\0'.repeat(10_000),
  ]) {
    const socket = connect(bridge.socket)
    socket.on('error', () => undefined)
    socket.write(text)
    socket.resume()
    await once(socket, 'close')
  }
  await waitFor(async () => assert.equal(proxy.open, 0), SETTLED_MS)
})

const NONSENSE: readonly (readonly [string, string])[] = [
  ['garbage', 'HTTP/1.1 400 Bad Request\r\n\r\n'],
  ['a reply too many', '+OK\r\n+OK\r\n+OK\r\n'],
  ['a broken bulk string', '+OK\r\n$2\r\nabc\r\n'],
]

for (const [what, bytes] of NONSENSE) {
  test(`${what} from Redis closes the connection and is no answer`, async () => {
    const fake = await startFakeRedis(() => bytes)
    const bridge = await start({ address: fake.address, password: '' })
    assert.equal((await bridge.send('byCall', [['PING']])).status, 503)
    assert.equal((await bridge.send('byPipeline', [['PING']])).status, 503)
    await waitFor(async () => assert.equal(fake.open, 0), SETTLED_MS)
    await fake.close()
  })
}

/** Ways of a Redis to say that it cannot do what it is asked, and how it comes to that and back. */
const UNABLE: Readonly<Record<string, { asked: string[]; begin: string[][]; end: string[][] }>> = {
  READONLY: {
    asked: ['SET', 'k', '2'],
    begin: [['REPLICAOF', '127.0.0.1', '1']],
    end: [['REPLICAOF', 'NO', 'ONE']],
  },
  MASTERDOWN: {
    asked: ['GET', 'k'],
    begin: [
      ['CONFIG', 'SET', 'replica-serve-stale-data', 'no'],
      ['REPLICAOF', '127.0.0.1', '1'],
    ],
    end: [
      ['REPLICAOF', 'NO', 'ONE'],
      ['CONFIG', 'SET', 'replica-serve-stale-data', 'yes'],
    ],
  },
}

for (const [kind, { asked, begin, end }] of Object.entries(UNABLE)) {
  test(`-${kind}: handed on, and the connection is given up`, async () => {
    const bridge = await start()
    await bridge.replies('byAsk', [['SET', 'k', '1']])
    const [first] = await bridgeClients(redis)
    for (const command of begin) await redis.ask(...command)
    const around = ['ECHO', 'x'.repeat(200)]
    const replies = (await bridge.replies('byPipeline', [around, asked, around])) as {
      kind?: string
    }[]
    await allClosed()
    for (const command of end) await redis.ask(...command)
    assert.equal(replies.length, 3)
    assert.equal(replies[1]?.kind, kind)
    assert.deepEqual(await bridge.replies('byAsk', [['SET', 'k', '3']]), ['OK'])
    const [second] = await bridgeClients(redis)
    assert.ok(first?.['id'] !== undefined && second?.['id'] !== undefined)
    assert.notEqual(second['id'], first['id'])
  })
}

test('-LOADING: handed on, and each request comes on a connection of its own', async () => {
  const fake = await startFakeRedis(() => '+OK\r\n-LOADING Redis is loading\r\n')
  const bridge = await start({ address: fake.address, password: '' })
  for (let round = 1; round <= 5; round++) {
    const replies = (await bridge.replies('byCall', [['PING']])) as { kind?: string }[]
    assert.equal(replies[0]?.kind, 'LOADING')
    assert.equal(fake.accepted, round)
  }
  await waitFor(async () => assert.equal(fake.open, 0), SETTLED_MS)
  await fake.close()
})

test('an error of a script, or an unknown script, leaves the connection open', async () => {
  const bridge = await start()
  await bridge.replies('byAsk', [['SCRIPT', 'FLUSH']])
  const [first] = await bridgeClients(redis)
  const replies = await bridge.replies('byAsk', [
    ['EVALSHA', 'f'.repeat(40), '0', 'x'.repeat(100)],
    ['EVAL', "return redis.error_reply('MINE own words')", '0', 'x'.repeat(100)],
  ])
  assert.deepEqual(
    (replies as { kind: string }[]).map(({ kind }) => kind),
    ['NOSCRIPT', 'MINE'],
  )
  assert.equal((await bridgeClients(redis))[0]?.['id'], first?.['id'])
})
