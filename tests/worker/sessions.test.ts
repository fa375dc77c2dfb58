/** Seeing one's sessions and ending them: one, all others, all. */

import assert from 'node:assert/strict'
import type { SessionView } from '#contract/api.ts'
import { sessionIndexKey, sessionKey, userKey } from '#contract/redis-keys.ts'
import type { Plan } from '../../scripts/stack/plan.ts'
import { waitFor } from '../../scripts/stack/readiness.ts'
import { MAX_LISTED } from '../../worker/src/stores/sessions.ts'
import { type Account, makeAccount, signedIn } from '../support/accounts.ts'
import { Client } from '../support/client.ts'
import { assertProblem } from '../support/problem.ts'
import { withRedis } from '../support/redis.ts'
import { bearing, sessionOf } from '../support/session.ts'
import { sqlRows } from '../support/sql.ts'
import { useStack } from '../support/test-stack.ts'

const { stackTest } = useStack()

const ABSOLUTE_S = 30 * 86_400

/** Signs in from several places, and makes sure that the gate has each session in its cache. */
async function signedInOften(plan: Plan, times: number) {
  const account = await makeAccount(plan)
  const clients = Array.from({ length: times }, () => new Client(plan))
  for (const client of clients) {
    assert.equal((await client.signIn(account.username, account.password)).status, 200)
    assert.ok(await isSignedIn(client))
  }
  return { account, clients }
}

async function isSignedIn(client: Client): Promise<boolean> {
  const { status } = await client.send('/api/me')
  assert.ok(status === 200 || status === 401, `GET /api/me answered ${status}`)
  return status === 200
}

function areSignedIn(clients: readonly Client[]): Promise<readonly boolean[]> {
  return Promise.all(clients.map(isSignedIn))
}

async function listed(client: Client): Promise<readonly SessionView[]> {
  const answer = await client.send('/api/me/sessions')
  assert.equal(answer.status, 200, answer.text)
  return answer.json<{ sessions: SessionView[] }>().sessions
}

async function epochs(plan: Plan, { id }: Account) {
  const [row] = await sqlRows(plan, 'SELECT epoch FROM users WHERE id = ?', [id])
  const copy = await withRedis(plan, (redis) => redis.hget(userKey(id), 'epoch'))
  return [row?.['epoch'], Number(copy)]
}

stackTest('people see their own sessions, from new to old', async ({ plan }) => {
  const account = await makeAccount(plan)
  const phone = new Client(plan, '127.0.0.7')
  const headers = { 'User-Agent': 'phone "quoted" 手机' }
  const { username, password } = account
  // Node's client sends header values as Latin-1; the bytes are what counts.
  const agent = Buffer.from(headers['User-Agent']).toString('latin1')
  await phone.send('/login', { body: { username, password }, headers: { 'User-Agent': agent } })
  // Somebody else's, which is not to be seen.
  await signedIn(plan)
  const laptop = new Client(plan)
  await laptop.signIn(username, password)
  const sessions = await listed(laptop)
  assert.deepEqual(
    sessions.map(({ id, current }) => [id, current]).sort(),
    [
      [sessionOf(plan, laptop).hash, true],
      [sessionOf(plan, phone).hash, false],
    ].sort(),
  )
  const other = sessions.find(({ current }) => !current)
  assert.equal(other?.ip, '127.0.0.7')
  assert.match(other?.user_agent ?? '', /^phone "quoted"/)
  for (const at of sessions.flatMap((one) => [one.created_at, one.last_seen_at])) {
    const ago = Date.now() - Date.parse(at)
    assert.ok(ago > -5000 && ago < 120_000, at)
  }
  const text = JSON.stringify(sessions)
  for (const client of [phone, laptop]) assert.ok(!text.includes(sessionOf(plan, client).token))
})

stackTest(
  'the index forgets what is over, and lasts as long as a session may',
  async ({ plan }) => {
    const { account, clients } = await signedInOften(plan, 2)
    const [one, other] = clients
    assert.ok(one !== undefined && other !== undefined)
    const index = sessionIndexKey(account.id)
    const now = Math.floor(Date.now() / 1000)
    await withRedis(plan, async (redis) => {
      await redis.del(sessionOf(plan, other).key)
      await redis.zadd(index, now - ABSOLUTE_S - 1, 'e'.repeat(64))
    })
    assert.equal((await listed(one)).length, 1)
    assert.equal(await withRedis(plan, (redis) => redis.zcard(index)), 1)
    await withRedis(plan, (redis) => redis.zadd(index, now - ABSOLUTE_S - 1, 'f'.repeat(64)))
    await other.signIn(account.username, account.password)
    const members = await withRedis(plan, (redis) => redis.zrange(index, 0, '-1'))
    const ttl = await withRedis(plan, (redis) => redis.ttl(index))
    assert.deepEqual(
      members.toSorted(),
      clients.map((client) => sessionOf(plan, client).hash).toSorted(),
    )
    assert.ok(ttl > ABSOLUTE_S - 60 && ttl <= ABSOLUTE_S, `TTL ${ttl}`)
  },
)

stackTest('ending one session ends it at once and no other', async ({ plan }) => {
  const { clients } = await signedInOften(plan, 3)
  const [here, there] = clients
  assert.ok(here !== undefined && there !== undefined)
  const path = `/api/me/sessions/${sessionOf(plan, there).hash}`
  const answer = await here.send(path, { method: 'DELETE' })
  assert.equal(answer.status, 204)
  assert.equal(answer.headers['x-gate-revoke'], undefined)
  assert.deepEqual(await areSignedIn(clients), [true, false, true])
  assertProblem(await here.send(path, { method: 'DELETE' }), 404, 'not_found')
})

stackTest('ending the session at hand takes its cookie away', async ({ plan }) => {
  const { client } = await signedIn(plan)
  const { hash, value } = sessionOf(plan, client)
  const answer = await client.send(`/api/me/sessions/${hash}`, { method: 'DELETE' })
  assert.equal(answer.status, 204)
  assert.equal(client.cookies.has(plan.settings.cookieName), false)
  assert.equal(await isSignedIn(bearing(plan, value)), false)
})

stackTest("nobody ends somebody else's session", async ({ plan }) => {
  const [victim, other] = await Promise.all([signedIn(plan), signedIn(plan, 'admin')])
  const { hash, key } = sessionOf(plan, victim.client)
  const answer = await other.client.send(`/api/me/sessions/${hash}`, { method: 'DELETE' })
  assertProblem(answer, 404, 'not_found')
  assert.ok(await isSignedIn(victim.client))
  assert.equal(await withRedis(plan, (redis) => redis.exists(key)), 1)
})

stackTest('ending all others is at once, and this one goes on', async ({ plan }) => {
  const { account, clients } = await signedInOften(plan, 4)
  const bystander = await signedIn(plan)
  const answer = await clients[1]?.send('/api/me/sessions', { method: 'DELETE' })
  assert.equal(answer?.status, 204)
  assert.deepEqual(await areSignedIn(clients), [false, true, false, false])
  assert.deepEqual(await epochs(plan, account), [2, 2])
  assert.ok(clients[1] !== undefined)
  assert.equal((await listed(clients[1])).length, 1)
  assert.ok(await isSignedIn(bystander.client))
  const again = new Client(plan)
  assert.equal((await again.signIn(account.username, account.password)).status, 200)
  assert.deepEqual(await areSignedIn([again, clients[1]]), [true, true])
})

stackTest('of sessions that end each other at once exactly one is left', async ({ plan }) => {
  const { account, clients } = await signedInOften(plan, 8)
  const answers = await Promise.all(
    clients.map((client) => client.send('/api/me/sessions', { method: 'DELETE' })),
  )
  const done = answers.map(({ status }) => status === 204)
  assert.equal(done.filter(Boolean).length, 1, JSON.stringify(answers.map(({ status }) => status)))
  for (const { status } of answers) assert.ok(status === 204 || status === 401)
  assert.deepEqual(await areSignedIn(clients), done)
  assert.deepEqual(await epochs(plan, account), [2, 2])
})

stackTest('a session under many newer ones is none the less one', async ({ plan }) => {
  const { client, account } = await signedIn(plan)
  const { key } = sessionOf(plan, client)
  await withRedis(plan, async (redis) => {
    const record = await redis.hgetall(key)
    const created = Number(record['created']) + 1
    for (let n = 0; n < MAX_LISTED; n += 1) {
      const hash = n.toString(16).padStart(64, '0')
      await redis.hset(sessionKey(account.id, hash), { ...record, created })
      await redis.zadd(sessionIndexKey(account.id), created, hash)
    }
  })
  const sessions = await listed(client)
  assert.equal(sessions.length, MAX_LISTED)
  assert.ok(sessions.every(({ current }) => !current))
  assert.equal((await client.send('/api/me/sessions', { method: 'DELETE' })).status, 204)
  assert.ok(await isSignedIn(client))
  // Looking at them drops what is over.
  await listed(client)
  assert.deepEqual(
    (await listed(client)).map(({ current }) => current),
    [true],
  )
})

stackTest('signing out everywhere leaves no session, whichever gate knows it', async ({ plan }) => {
  const { account, clients } = await signedInOften(plan, 3)
  const values = clients.map((client) => sessionOf(plan, client).value)
  const answer = await clients[0]?.send('/logout?everywhere=1', { method: 'POST' })
  assert.equal(answer?.status, 303)
  assert.equal(clients[0]?.cookies.has(plan.settings.cookieName), false)
  const bearers = values.map((value) => bearing(plan, value))
  assert.deepEqual(await areSignedIn(bearers), [false, false, false])
  assert.deepEqual(await epochs(plan, account), [2, 2])

  // The old cookie is worth nothing any more: it does not end what began after it.
  const fresh = new Client(plan)
  await fresh.signIn(account.username, account.password)
  const old = bearing(plan, values[1] ?? '')
  assert.equal((await old.send('/logout?everywhere=1', { method: 'POST' })).status, 303)
  assert.ok(await isSignedIn(fresh))
  assert.deepEqual(await epochs(plan, account), [2, 2])
})

stackTest('a link does not sign out everywhere', async ({ plan }) => {
  const { clients } = await signedInOften(plan, 2)
  assert.equal((await clients[0]?.send('/logout?everywhere=1'))?.status, 303)
  assert.deepEqual(await areSignedIn(clients), [false, true])
})

stackTest('an ended session that Redis finds again is taken away again', async ({ plan }) => {
  const { client, account } = await signedIn(plan)
  const { key, hash } = sessionOf(plan, client)
  const record = await withRedis(plan, (redis) => redis.hgetall(key))
  await client.send('/logout', { method: 'POST' })
  const noted = await sqlRows(plan, 'SELECT 1 FROM session_revocations WHERE hash = ?', [hash])
  assert.equal(noted.length, 1)
  // As if Redis had been killed before its log was on the disk.
  await withRedis(plan, (redis) => redis.hset(sessionKey(account.id, hash), record))
  await gone(plan, key, hash)
})

/** Resolves when neither Redis has the session nor the outbox its end. */
function gone(plan: Plan, key: string, hash: string): Promise<void> {
  return waitFor(async () => {
    const there = await withRedis(plan, (redis) => redis.exists(key))
    const noted = await sqlRows(plan, 'SELECT 1 FROM session_revocations WHERE hash = ?', [hash])
    assert.deepEqual([there, noted.length], [0, 0])
  }, 25_000)
}
