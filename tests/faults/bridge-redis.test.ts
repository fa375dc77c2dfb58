/** The bridge when Redis freezes, dies, comes back, is slow or breaks off. */

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { waitFor } from '../../scripts/stack/readiness.ts'
import { type BridgeNginx, startBridgeNginx } from '../support/bridge-nginx.ts'
import { bridgeClients, type OwnRedis, startRedis } from '../support/bridge-redis.ts'
import {
  cutOnce,
  holdBack,
  type Meddle,
  pass,
  type RedisProxy,
  startRedisProxy,
} from '../support/redis-proxy.ts'
import { timed } from '../support/timed.ts'

/** proxy_read_timeout of location = /_redis. */
const TIMEOUT_MS = 300
/** What a busy machine adds. */
const SLACK_MS = 500
const BACK_MS = 1000
const PATIENCE_MS = 20_000

let redis: OwnRedis
let proxy: RedisProxy
let nginx: BridgeNginx
before(async () => {
  redis = await startRedis()
  proxy = await startRedisProxy(redis.socket)
  // The proxy of a test stands in the way only where it is told to: else Redis is asked directly.
  nginx = await startBridgeNginx({ address: redis.address, password: redis.password })
})
after(async () => {
  await nginx?.stop()
  await proxy?.close()
  await redis?.remove()
})

/** Resolves once `holds` is true. */
function until(holds: () => boolean): Promise<void> {
  return waitFor(async () => {
    if (!holds()) throw new Error(`still not: ${holds}`)
  }, PATIENCE_MS)
}

const echo = (word: string) => nginx.replies('byCall', [['ECHO', word]])

test('a frozen Redis costs a request no more than the timeout, and its late answers reach nobody', async () => {
  await Promise.all(Array.from({ length: 20 }, (_, lane) => echo(`before ${lane}`)))
  redis.freeze()
  for (let round = 0; round < 3; round++) {
    const asked = Array.from({ length: 20 }, (_, lane) =>
      timed(nginx.send('byCall', [['ECHO', `frozen ${lane}`]])),
    )
    for (const { value, ms } of await Promise.all(asked)) {
      assert.equal(value.status, 503)
      assert.match(value.text, /bridge answered 504/)
      assert.ok(ms < TIMEOUT_MS + SLACK_MS, `${ms} ms`)
    }
  }
  redis.thaw()
  const words = Array.from({ length: 40 }, (_, lane) => `after ${lane}`)
  assert.deepEqual(
    await Promise.all(words.map(echo)),
    words.map((word) => [word]),
  )
})

for (const when of ['at once', 'after a while']) {
  test(`a Redis started again ${when} is used again within a second, and nothing fails after that`, async () => {
    await Promise.all(Array.from({ length: 20 }, (_, lane) => echo(`${lane}`)))
    const results: { readonly began: number; readonly ok: boolean }[] = []
    let stop = false
    const lane = async (name: number) => {
      for (let round = 0; !stop; round++) {
        const began = performance.now()
        const word = `${name}.${round}`
        const { status, text } = await nginx.send('byCall', [['ECHO', word]])
        if (status === 200) assert.equal(text, JSON.stringify([word]))
        results.push({ began, ok: status === 200 })
        await delay(2)
      }
    }
    const lanes = Promise.all(Array.from({ length: 8 }, (_, name) => lane(name)))
    await until(() => results.length > 100)
    await redis.kill()
    const diedAt = performance.now()
    if (when === 'after a while') await until(() => failures() > 20)
    await redis.start()
    const readyAt = performance.now()
    await until(() => since(readyAt).length > 200)
    stop = true
    await lanes

    function failures(): number {
      return results.filter(({ ok, began }) => !ok && began >= diedAt).length
    }
    function since(moment: number) {
      return results.filter(({ began }) => began >= moment)
    }
    const answered = results.find(({ began, ok }) => ok && began >= readyAt)
    assert.ok(answered !== undefined && answered.began - readyAt < BACK_MS)
    const failed = since(readyAt).filter(({ ok }) => !ok)
    assert.deepEqual(failed, [], 'failures after Redis answered again')
    assert.ok((await bridgeClients(redis)).length > 0)
  })
}

test('all connections cut at once, Redis being there: no request fails', async () => {
  let stop = false
  const rounds = new Array<number>(12).fill(0)
  const lane = async (name: number) => {
    for (let round = 0; !stop; round++) {
      const word = `${name}.${round}`
      assert.deepEqual(await echo(word), [word])
      rounds[name] = round
    }
  }
  const lanes = Promise.all(rounds.map((_, name) => lane(name)))
  for (let cut = 1; cut <= 20; cut++) {
    // So that none of them meets two cuts in one request.
    const goal = Math.max(...rounds) + 3
    await Promise.race([until(() => Math.min(...rounds) >= goal), lanes])
    await redis.ask('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes')
  }
  stop = true
  await lanes
})

/** Runs `work` with an nginx that reaches Redis through the proxy. */
async function meddled(how: Meddle, work: (bridge: BridgeNginx) => Promise<void>): Promise<void> {
  const bridge = await startBridgeNginx({ address: proxy.address, password: redis.password })
  try {
    assert.deepEqual(await bridge.replies('byCall', [['ECHO', 'first']]), ['first'])
    proxy.meddle(how)
    await work(bridge)
    proxy.meddle(pass)
    for (const way of ['byAsk', 'byCall', 'byPipeline'] as const) {
      assert.deepEqual(await bridge.replies(way, [['ECHO', `last ${way}`]]), [`last ${way}`])
    }
  } finally {
    proxy.meddle(pass)
    await bridge.stop()
  }
}

test('a connection that breaks off in a reply, at whatever byte, is tried again once', async () => {
  const reply = '$26\r\nabcdefghijklmnopqrstuvwxyz\r\n'
  await meddled(pass, async (bridge) => {
    for (const way of ['byAsk', 'byCall'] as const) {
      for (let bytes = 0; bytes < reply.length; bytes++) {
        proxy.meddle(cutOnce(bytes))
        assert.deepEqual(
          await bridge.replies(way, [['ECHO', 'abcdefghijklmnopqrstuvwxyz']]),
          ['abcdefghijklmnopqrstuvwxyz'],
          `${way} cut after ${bytes} bytes`,
        )
      }
    }
  })
})

test('connections that always break off are Redis being unavailable, at once', async () => {
  const cutAlways: Meddle = (piece, send, connection) => {
    send(piece.subarray(0, 3))
    connection.end()
  }
  await meddled(cutAlways, async (bridge) => {
    for (const way of ['byCall', 'byPipeline', 'detached'] as const) {
      const { value, ms } = await timed(bridge.send(way, [['ECHO', 'x']]))
      assert.equal(value.status, 503)
      assert.ok(ms < SLACK_MS, `${ms} ms`)
    }
  })
})

test('a slow Redis is waited for as long as the timeout says, and its late answers reach nobody', async () => {
  const late: Meddle = (piece, send) => void setTimeout(() => send(piece), TIMEOUT_MS * 2)
  await meddled(late, async (bridge) => {
    const { value, ms } = await timed(bridge.send('byCall', [['ECHO', 'slow']]))
    assert.equal(value.status, 503)
    assert.ok(ms >= TIMEOUT_MS - 50 && ms < TIMEOUT_MS + SLACK_MS, `${ms} ms`)
  })
  const soon: Meddle = (piece, send) => void setTimeout(() => send(piece), TIMEOUT_MS / 6)
  await meddled(soon, async (bridge) => {
    assert.deepEqual(await bridge.replies('byCall', [['ECHO', 'soon']]), ['soon'])
  })
})

test('a reply that stops halfway costs the timeout too', async () => {
  const { hold } = holdBack()
  const halfway: Meddle = (piece, send, connection) => {
    send(piece.subarray(0, 5))
    hold(piece.subarray(5), send, connection)
  }
  await meddled(halfway, async (bridge) => {
    const { value, ms } = await timed(bridge.send('byCall', [['ECHO', 'half']]))
    assert.equal(value.status, 503)
    assert.ok(ms < TIMEOUT_MS + SLACK_MS, `${ms} ms`)
  })
})

test('no nginx process has died meanwhile', async () => {
  assert.doesNotMatch(await nginx.log(), /exited on signal|\[alert\]|\[emerg\]/)
})
