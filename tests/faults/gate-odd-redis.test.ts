/** The gate while Redis answers but may not write, has no memory left, or is not alone in being away. */

import assert from 'node:assert/strict'
import { after } from 'node:test'
import { waitFor } from '../../scripts/stack/readiness.ts'
import { chat, chats, knownTo, strangerTo, tally, timingOf } from '../support/gate-people.ts'
import { editNginx } from '../support/nginx-edit.ts'
import { NginxLog } from '../support/nginx-log.ts'
import { type OutsideServer, outsideRedis } from '../support/outside-server.ts'
import { assertProblem } from '../support/problem.ts'
import { partOf, signalPart, successorOf, vanished } from '../support/processes.ts'
import { withRedis } from '../support/redis.ts'
import { away, OUTAGE_SETTINGS, type Outage, outageTests } from '../support/redis-outage.ts'
import { bearing, sessionOf } from '../support/session.ts'
import { useStack } from '../support/test-stack.ts'

let redis: OutsideServer
const tests = useStack(async () => {
  redis = await outsideRedis()
  return { ...OUTAGE_SETTINGS, ...redis.settings }
})
after(() => redis?.remove())

const AWAY = /gate: Redis is away/
const BACK = /gate: Redis is back/

async function redisCommand(...command: readonly [string, ...string[]]): Promise<void> {
  await withRedis(tests.stack().plan, (connection) => connection.call(...command))
}

const readOnly: Outage = {
  name: 'read-only',
  begin: () => redisCommand('REPLICAOF', '127.0.0.1', '1'),
  end: () => redisCommand('REPLICAOF', 'NO', 'ONE'),
}

outageTests(tests, readOnly)(
  'away as a whole until it is back, not now and then',
  async (plan, { begin, end }) => {
    const log = new NginxLog(plan)
    const [{ client }, stranger] = [await knownTo(plan), await strangerTo(plan)]
    await begin()
    assertProblem(await stranger.client.send('/api/me'), 503, 'session_store_unavailable')
    assert.deepEqual(tally(await chats(client, 20)), { 200: 5, 429: 15 })
    await away(plan)
    // Longer than several looks after Redis take.
    for (const began = Date.now(); Date.now() - began < 2000; ) {
      assertProblem(await stranger.client.send('/api/me'), 503, 'session_store_unavailable')
    }
    await end()
    await waitFor(
      async () => assert.equal((await stranger.client.send('/api/me')).status, 200),
      5000,
    )
    assert.equal(log.lines(AWAY).length, 1)
    assert.match(log.lines(AWAY)[0] ?? '', /READONLY/)
    assert.equal(log.lines(BACK).length, 1)
  },
)

const full: Outage = {
  name: 'full',
  begin: () => redisCommand('CONFIG', 'SET', 'maxmemory', '1'),
  end: () => redisCommand('CONFIG', 'SET', 'maxmemory', '256mb'),
}

outageTests(tests, full)('who is signed in goes on, by Redis', async (plan, { begin }) => {
  const log = new NginxLog(plan)
  const [admin, stranger] = [await knownTo(plan, 'admin'), await strangerTo(plan)]
  // So long ago that its use has to be written down.
  const { key } = sessionOf(plan, stranger.client)
  await redisCommand('HINCRBY', key, 'last', '-100')
  await begin()
  await assert.rejects(redisCommand('SET', 'anything', '1'), /OOM/)
  const answers = [
    await stranger.client.send('/api/me'),
    await chat(stranger.client),
    await admin.client.send('/admin/api/keys'),
  ]
  for (const answer of answers) {
    assert.equal(answer.status, 200, answer.text)
    assert.equal(timingOf(answer).source, 'redis')
  }
  assert.deepEqual(tally(await chats(stranger.client, 20)), { 200: 4, 429: 16 })
  assert.deepEqual(log.lines(AWAY), [])
})

const dead: Outage = { name: 'dead', begin: () => redis.kill(), end: () => redis.start() }
const test = outageTests(tests, dead)

test('a reload forgets neither who is known nor that Redis is away', async (plan, { begin }) => {
  const log = new NginxLog(plan)
  const { client } = await knownTo(plan)
  assert.deepEqual(tally(await chats(client, 3)), { 200: 3 })
  await begin()
  await away(plan)
  client.close()
  await editNginx(plan, {
    'rendered/tunables.conf': (text) =>
      text.replace('$gate_deadline "1500ms"', '$gate_deadline "900ms"'),
  })
  const { status, headers } = await client.send('/api/me')
  assert.equal(status, 200, String(headers['server-timing']))
  assert.deepEqual(tally(await chats(client, 20)), { 200: 2, 429: 18 })
  assert.equal(log.lines(AWAY).length, 1)
})

test('with the worker away too: 503, nobody signed out, nobody let in', async (plan, { begin }) => {
  const [known, stranger] = [await knownTo(plan), await strangerTo(plan)]
  const { value } = sessionOf(plan, known.client)
  await begin()
  await away(plan)
  const killed = signalPart(plan, 'worker', 'SIGKILL')
  await vanished(killed)
  const logout = await known.client.send('/logout', { method: 'POST' })
  assertProblem(logout, 503, 'worker_unavailable')
  assertProblem(await bearing(plan, value).send('/api/me'), 503, 'worker_unavailable')
  assertProblem(await stranger.client.send('/api/me'), 503, 'session_store_unavailable')
  assert.equal((await known.client.send('/chat')).status, 200)
  await successorOf(plan, 'worker', killed)
})

test('an nginx that starts without Redis knows nobody and lets nobody in', async (plan, {
  begin,
  end,
}) => {
  const { client } = await knownTo(plan)
  await begin()
  await away(plan)
  const old = signalPart(plan, 'nginx', 'SIGKILL')
  await successorOf(plan, 'nginx', old)
  await waitFor(async () => {
    assertProblem(await client.send('/api/me'), 503, 'session_store_unavailable')
  }, 10_000)
  assertProblem(await chat(client), 503, 'session_store_unavailable')
  await end()
  await waitFor(async () => assert.equal((await client.send('/api/me')).status, 200), 5000)
  assert.notDeepEqual(partOf(plan, 'nginx'), old)
})
