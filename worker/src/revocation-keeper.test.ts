import assert from 'node:assert/strict'
import { EventEmitter } from 'node:events'
import { test } from 'node:test'
import type { Redis } from 'ioredis'
import { pino } from 'pino'
import { sessionKey, tokenKey } from '#contract/redis-keys.ts'
import { quiet } from './domain/generation-fakes.ts'
import { account } from './fake-accounts.ts'
import { startRevocationKeeper } from './revocation-keeper.ts'
import { type NotedRevocation, REVOCATION_BATCH } from './stores/revocations.ts'
import type { GateUser } from './stores/users.ts'

const DAY_MS = 86_400_000
const NOW = Date.parse('2026-11-22T12:00:00Z')

/** A Redis and a MySQL that can be away, and a keeper between them. */
function setUp(users: readonly GateUser[] = [account('1', 'root', 'admin')]) {
  const world = {
    runId: 'run1',
    isRedisAway: false,
    isMysqlAway: false,
    outbox: [] as NotedRevocation[],
    /** Keys in Redis. */
    keys: new Set<string>(),
    /** Copies that Redis does not know yet. */
    unknown: new Set<string>(),
    written: [] as string[],
    asked: [] as string[],
  }
  const redis = new EventEmitter()
  function demand(isAway: boolean): void {
    if (isAway) throw new Error('away')
  }
  Object.assign(redis, {
    async info() {
      demand(world.isRedisAway)
      return `# Server\r\nredis_version:8.0.6\r\nrun_id:${world.runId}\r\n`
    },
    async del(...keys: string[]) {
      demand(world.isRedisAway)
      return keys.filter((key) => world.keys.delete(key)).length
    },
  })
  const keeper = startRevocationKeeper({
    redis: redis as unknown as Redis,
    users: {
      async findById(id) {
        demand(world.isMysqlAway)
        const user = users.find((one) => one.id === id)
        return user && { ...user, passwordHash: '', lastLoginIp: '' }
      },
      async listActive(since, afterId, limit) {
        demand(world.isMysqlAway)
        world.asked.push(since.toISOString())
        return users.filter(({ id }) => Number(id) > Number(afterId)).slice(0, limit)
      },
    },
    userCopies: {
      async write(batch) {
        demand(world.isRedisAway)
        world.written.push(...batch.map(({ id }) => id))
        return batch.filter(({ id }) => world.unknown.delete(id)).length
      },
    },
    revocations: {
      note: async () => {},
      async list(afterId) {
        demand(world.isMysqlAway)
        const after = world.outbox.filter(({ id }) => Number(id) > Number(afterId))
        return after.slice(0, REVOCATION_BATCH)
      },
      async remove(ids) {
        world.outbox = world.outbox.filter(({ id }) => !ids.includes(id))
      },
    },
    sessionAbsoluteMs: 30 * DAY_MS,
    log: pino({ level: 'silent' }),
    now: () => NOW,
  })
  const reconnect = () => {
    redis.emit('ready')
    return quiet()
  }
  return { world, keeper, reconnect }
}

const HASH = 'ab'.repeat(32)

function noted(changes: Partial<NotedRevocation> = {}): NotedRevocation {
  return { id: '7', uid: '1', hash: HASH, isOld: true, ...changes }
}

test('copies are written at the start, and anew when another Redis answers', async () => {
  const { world, keeper, reconnect } = setUp()
  await quiet()
  assert.deepEqual(world.written, ['1'])
  assert.deepEqual(world.asked, [new Date(NOW - 30 * DAY_MS).toISOString()])
  await reconnect()
  assert.deepEqual(world.written, ['1'], 'it is the same Redis')
  world.runId = 'run2'
  await reconnect()
  assert.deepEqual(world.written, ['1', '1'])
  await keeper.stop()
})

test('all users are written, batch by batch', async () => {
  const users = Array.from({ length: 1203 }, (_, n) => account(String(n + 1), `u${n}`, 'user'))
  const { world, keeper } = setUp(users)
  await quiet()
  await quiet()
  assert.equal(new Set(world.written).size, 1203)
  assert.equal(world.asked.length, 3)
  await keeper.stop()
})

test('copies that could not be written are written later', async () => {
  for (const part of ['isMysqlAway', 'isRedisAway'] as const) {
    const { world, keeper, reconnect } = setUp()
    await quiet()
    world.runId = 'run2'
    world[part] = true
    await reconnect()
    assert.equal(world.written.length, 1)
    world[part] = false
    await reconnect()
    assert.equal(world.written.length, 2, part)
    await keeper.stop()
  }
})

test('a revoked session or token is taken out of Redis until it stays out', async () => {
  const { world, keeper, reconnect } = setUp()
  await quiet()
  for (const key of [sessionKey('1', HASH), tokenKey('1', HASH)]) {
    world.outbox = [noted()]
    world.keys.add(key)
    await reconnect()
    assert.equal(world.keys.size, 0)
    assert.equal(world.outbox.length, 1, 'Redis may still lose what it has done just now')
    await reconnect()
    assert.equal(world.outbox.length, 0)
  }
  await keeper.stop()
})

test('however much is noted, all of it is done at once', async () => {
  const { world, keeper, reconnect } = setUp()
  await quiet()
  const hashes = Array.from({ length: 1203 }, (_, n) => String(n).padStart(64, '0'))
  world.outbox = hashes.map((hash, n) => noted({ id: String(n + 1), hash }))
  for (const hash of hashes) world.keys.add(sessionKey('1', hash))
  await reconnect()
  await quiet()
  assert.equal(world.keys.size, 0)
  await reconnect()
  await quiet()
  assert.equal(world.outbox.length, 0)
  await keeper.stop()
})

test('what was noted just now stays noted', async () => {
  const { world, keeper, reconnect } = setUp()
  world.outbox = [noted({ isOld: false })]
  await reconnect()
  assert.equal(world.outbox.length, 1)
  await keeper.stop()
})

test('a copy is written until Redis knows it; a user that is gone is no reason to go on', async () => {
  const { world, keeper, reconnect } = setUp()
  await quiet()
  world.written.length = 0
  world.unknown.add('1')
  world.outbox = [noted({ hash: null }), noted({ id: '8', uid: '9', hash: null })]
  await reconnect()
  assert.deepEqual(world.written, ['1'])
  assert.deepEqual(
    world.outbox.map(({ id }) => id),
    ['7'],
  )
  await reconnect()
  assert.deepEqual(world.outbox, [])
  await keeper.stop()
})

test('nothing is forgotten while Redis is away', async () => {
  const { world, keeper, reconnect } = setUp()
  await quiet()
  world.outbox = [noted()]
  world.isRedisAway = true
  await reconnect()
  assert.equal(world.outbox.length, 1)
  await keeper.stop()
})

test('a keeper that was stopped does nothing any more', async () => {
  const { world, keeper, reconnect } = setUp()
  await quiet()
  await keeper.stop()
  world.runId = 'run2'
  await reconnect()
  assert.equal(world.written.length, 1)
})
