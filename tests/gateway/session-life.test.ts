import assert from 'node:assert/strict'
import { userKey } from '#contract/redis-keys.ts'
import type { Plan } from '../../scripts/stack/plan.ts'
import { waitFor } from '../../scripts/stack/readiness.ts'
import { makeAccount, signedIn } from '../support/accounts.ts'
import { Client } from '../support/client.ts'
import { assertProblem } from '../support/problem.ts'
import { commandCounts, withRedis } from '../support/redis.ts'
import { bearing, sessionOf } from '../support/session.ts'
import { sqlRun } from '../support/sql.ts'
import { useStack } from '../support/test-stack.ts'

const { stackTest } = useStack()

const DAY_S = 86_400
const IDLE_S = 7 * DAY_S
const ABSOLUTE_S = 30 * DAY_S

/** Asserts that API and pages take the client for somebody who is not signed in. */
async function assertSignedOut(client: Client): Promise<void> {
  assertProblem(await client.send('/api/me'), 401, 'unauthenticated')
  const page = await client.send('/chat')
  assert.equal(page.status, 302)
  assert.equal(page.headers.location, '/login?next=%2Fchat')
}

/** Signs in somebody whose session then says that it began and was last used this long ago, s. */
async function signedInAgo(plan: Plan, ago: { created?: number; last?: number }) {
  const { client, account } = await signedIn(plan)
  const { key } = sessionOf(plan, client)
  const now = Math.floor(Date.now() / 1000)
  for (const [field, seconds] of Object.entries(ago)) {
    await withRedis(plan, (redis) => redis.hset(key, field, now - seconds))
  }
  return { client, account, key, now }
}

stackTest('a session ends when it has not been used for the idle time', async ({ plan }) => {
  const { client, key } = await signedInAgo(plan, { last: IDLE_S })
  await assertSignedOut(client)
  assert.equal(await withRedis(plan, (redis) => redis.exists(key)), 0)
})

stackTest('a session ends at its absolute age, however much it is used', async ({ plan }) => {
  const { client, key } = await signedInAgo(plan, { created: ABSOLUTE_S, last: 0 })
  await assertSignedOut(client)
  assert.equal(await withRedis(plan, (redis) => redis.exists(key)), 0)
})

stackTest('using a session in time begins its idle time anew', async ({ plan }) => {
  const { client, key, now } = await signedInAgo(plan, { last: IDLE_S - 30 })
  await withRedis(plan, (redis) => redis.expire(key, 30))
  assert.equal((await client.send('/api/me')).status, 200)
  const [last, ttl] = await withRedis(plan, async (redis) => [
    Number(await redis.hget(key, 'last')),
    await redis.ttl(key),
  ])
  assert.ok(last >= now && last <= now + 15, `last used ${last - now} s from now`)
  assert.ok(ttl > IDLE_S - 60 && ttl <= IDLE_S, `TTL ${ttl}`)
})

stackTest('near its absolute age a session is kept for the rest only', async ({ plan }) => {
  const { client, key } = await signedInAgo(plan, { created: ABSOLUTE_S - 600, last: 3600 })
  assert.equal((await client.send('/api/me')).status, 200)
  const ttl = await withRedis(plan, (redis) => redis.ttl(key))
  assert.ok(ttl > 540 && ttl <= 600, `TTL ${ttl}`)
})

stackTest('disabling a user ends their sessions', async ({ plan }) => {
  const { client, account } = await signedIn(plan)
  await withRedis(plan, (redis) => redis.hset(userKey(account.id), 'state', 'disabled'))
  await assertSignedOut(client)
})

stackTest('raising the epoch ends all sessions so far, not later ones', async ({ plan }) => {
  const { client, account } = await signedIn(plan)
  await sqlRun(plan, 'UPDATE users SET epoch = 2 WHERE id = ?', [account.id])
  await withRedis(plan, (redis) => redis.hset(userKey(account.id), 'epoch', '2'))
  await assertSignedOut(client)
  assert.equal((await client.signIn(account.username, account.password)).status, 200)
  assert.equal((await client.send('/api/me')).status, 200)
})

stackTest('without the copy of the user there is no session', async ({ plan }) => {
  const { client, account } = await signedIn(plan)
  await withRedis(plan, (redis) => redis.del(userKey(account.id)))
  await assertSignedOut(client)
})

stackTest('a session found good is believed for two seconds without Redis', async ({ plan }) => {
  const { client } = await signedIn(plan)
  const { key } = sessionOf(plan, client)
  assert.equal((await client.send('/api/me')).status, 200)
  const before = await commandCounts(plan)
  for (const path of ['/api/me', '/chat', '/dashboard', '/api/models']) {
    assert.equal((await client.send(path)).status, 200, path)
  }
  assert.deepEqual(await commandCounts(plan), before)

  // Ended behind this gate's back, as by another gate, it lives on for that time and no longer.
  const ended = performance.now()
  await withRedis(plan, (redis) => redis.del(key))
  await waitFor(async () => assert.equal((await client.send('/api/me')).status, 401), 5000)
  const lived = performance.now() - ended
  assert.ok(lived < 2500, `lived ${lived} ms`)
})

for (const method of ['GET', 'POST']) {
  stackTest(`${method} /logout ends the session at once, cached or not`, async ({ plan }) => {
    const { client } = await signedIn(plan)
    const { key, value } = sessionOf(plan, client)
    assert.equal((await client.send('/api/me')).status, 200)
    const answer = await client.send('/logout', { method })
    assert.equal(answer.status, 303)
    assert.equal(answer.headers.location, '/login')
    assert.equal(answer.headers['x-gate-revoke'], undefined)
    assert.equal(client.cookies.has(plan.settings.cookieName), false)
    await assertSignedOut(bearing(plan, value))
    assert.equal(await withRedis(plan, (redis) => redis.exists(key)), 0)
  })
}

stackTest('a session signed out here stays so, should Redis find it again', async ({ plan }) => {
  const { client } = await signedIn(plan)
  const { key, value } = sessionOf(plan, client)
  const record = await withRedis(plan, (redis) => redis.hgetall(key))
  await client.send('/logout')
  await withRedis(plan, (redis) => redis.hset(key, record))
  await assertSignedOut(bearing(plan, value))
})

stackTest('signing out here leaves the person signed in elsewhere', async ({ plan }) => {
  const account = await makeAccount(plan)
  const [here, there] = [new Client(plan), new Client(plan)]
  for (const client of [here, there]) await client.signIn(account.username, account.password)
  assert.notEqual(sessionOf(plan, here).token, sessionOf(plan, there).token)
  await here.send('/logout')
  await assertSignedOut(here)
  assert.equal((await there.send('/api/me')).status, 200)
})

stackTest('signing out without a session, or with a dead one, is no error', async ({ plan }) => {
  const client = new Client(plan)
  assert.equal((await client.send('/logout')).status, 303)
  const { client: signed } = await signedIn(plan)
  const { value } = sessionOf(plan, signed)
  await signed.send('/logout')
  assert.equal((await bearing(plan, value).send('/logout')).status, 303)
})

stackTest('signing in again makes a new session and ends the one before it', async ({ plan }) => {
  const { client, account } = await signedIn(plan)
  const first = sessionOf(plan, client)
  assert.equal((await client.send('/api/me')).status, 200)
  assert.equal((await client.signIn(account.username, account.password)).status, 200)
  assert.notEqual(sessionOf(plan, client).token, first.token)
  assert.equal((await client.send('/api/me')).status, 200)
  await assertSignedOut(bearing(plan, first.value))
})

stackTest('signing in as somebody else ends the session that was planted', async ({ plan }) => {
  const { client, account } = await signedIn(plan)
  const planted = sessionOf(plan, client)
  assert.equal((await client.send('/api/me')).status, 200)
  const victim = await makeAccount(plan)
  assert.equal((await client.signIn(victim.username, victim.password)).status, 200)
  assert.equal((await client.send('/api/me')).json()['id'], victim.id)
  assert.notEqual(victim.id, account.id)
  await assertSignedOut(bearing(plan, planted.value))
})

stackTest('a failed sign-in sets no cookie and ends no session', async ({ plan }) => {
  const { client, account } = await signedIn(plan)
  const answer = await client.signIn(account.username, 'wrong')
  assertProblem(answer, 401, 'invalid_credentials')
  assert.equal(answer.headers['set-cookie'], undefined)
  assert.equal((await client.send('/api/me')).status, 200)
})
