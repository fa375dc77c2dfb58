/** The gate's copies of users follow MySQL, whatever Redis has lost. */

import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { after } from 'node:test'
import { userKey } from '#contract/redis-keys.ts'
import type { Plan } from '../../scripts/stack/plan.ts'
import { waitFor } from '../../scripts/stack/readiness.ts'
import { makeAccount, signedIn } from '../support/accounts.ts'
import { type OutsideServer, outsideRedis } from '../support/outside-server.ts'
import { ROOMY } from '../support/own-stack.ts'
import { signalPart, successorOf } from '../support/processes.ts'
import { withRedis } from '../support/redis.ts'
import { sqlRun } from '../support/sql.ts'
import { useStack } from '../support/test-stack.ts'

let redis: OutsideServer
const { stackTest } = useStack(async () => {
  redis = await outsideRedis()
  return { ...ROOMY, ...redis.settings }
})
after(() => redis?.remove())

const RECOVERY_MS = 10_000
const PROVOKES =
  /worker\.sock|\/_redis|redis\.sock|(recv|send|writev|connect)\(\) failed|gate: no decision|gate: (?:Redis|log records)/

function copyOf(plan: Plan, uid: string): Promise<Record<string, string>> {
  return withRedis(plan, (client) => client.hgetall(userKey(uid)))
}

async function restartRedis(): Promise<void> {
  await redis.kill()
  await redis.start()
}

stackTest(
  'a revocation that a killed Redis has lost is written again',
  async ({ plan }) => {
    const { client, account } = await signedIn(plan)
    assert.equal((await client.send('/api/me')).status, 200)
    // As if the last second of Redis' log had held the write.
    await sqlRun(plan, 'UPDATE users SET epoch = 2, revision = 2 WHERE id = ?', [account.id])
    assert.equal((await copyOf(plan, account.id))['epoch'], '1')
    await restartRedis()
    await waitFor(async () => {
      assert.equal((await copyOf(plan, account.id))['epoch'], '2')
    }, RECOVERY_MS)
    await waitFor(async () => {
      assert.equal((await client.send('/api/me')).status, 401)
    }, RECOVERY_MS)
  },
  { provokes: PROVOKES },
)

stackTest(
  'a Redis that was emptied gets the copies of all who may need one, and of nobody else',
  async ({ plan }) => {
    const [active, owner, gone] = [
      (await signedIn(plan)).account,
      await makeAccount(plan),
      await makeAccount(plan),
    ]
    await sqlRun(
      plan,
      `INSERT INTO access_tokens (user_id, name, hash, last4, created_at)
       VALUES (?, 'x', ?, '0000', UTC_TIMESTAMP(3))`,
      [owner.id, randomBytes(32).toString('hex')],
    )
    const LONG_AGO = 'UTC_TIMESTAMP(3) - INTERVAL 31 DAY'
    await sqlRun(plan, `UPDATE users SET updated_at = ${LONG_AGO} WHERE id IN (?, ?)`, [
      owner.id,
      gone.id,
    ])
    const crowd = Array.from({ length: 1200 }, () => `crowd-${randomBytes(8).toString('hex')}`)
    await sqlRun(
      plan,
      `INSERT INTO users (username, password_hash, limits)
       VALUES ${crowd.map(() => "(?, '', 'chat=7')").join(', ')}`,
      crowd,
    )
    await withRedis(plan, (client) => client.flushall())
    await restartRedis()
    await waitFor(async () => {
      const keys = await withRedis(plan, (client) => client.keys(userKey('*')))
      assert.ok(keys.length >= 1202, `${keys.length} copies`)
    }, RECOVERY_MS)
    assert.equal((await copyOf(plan, active.id))['name'], active.username)
    assert.equal((await copyOf(plan, owner.id))['name'], owner.username)
    assert.deepEqual(await copyOf(plan, gone.id), {})
  },
  { provokes: PROVOKES },
)

stackTest(
  'a worker that starts writes the copies too',
  async ({ plan }) => {
    const { account } = await signedIn(plan)
    await withRedis(plan, (client) => client.del(userKey(account.id)))
    const old = signalPart(plan, 'worker', 'SIGKILL')
    await successorOf(plan, 'worker', old)
    await waitFor(async () => {
      assert.equal((await copyOf(plan, account.id))['name'], account.username)
    }, RECOVERY_MS)
  },
  { provokes: PROVOKES },
)

stackTest(
  'a copy that is ahead of what a worker read is left alone',
  async ({ plan }) => {
    const [{ account }, { account: other }] = await Promise.all([signedIn(plan), signedIn(plan)])
    await withRedis(plan, async (client) => {
      await client.hset(userKey(account.id), { epoch: 9, state: 'x' })
      await client.del(userKey(other.id))
      await client.call('WAITAOF', '1', '0', '5000')
    })
    await restartRedis()
    await waitFor(async () => {
      assert.equal((await copyOf(plan, other.id))['name'], other.username)
    }, RECOVERY_MS)
    const { epoch, state } = await copyOf(plan, account.id)
    assert.deepEqual([epoch, state], ['9', 'x'])
  },
  { provokes: PROVOKES },
)
