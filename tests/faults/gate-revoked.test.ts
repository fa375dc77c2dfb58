/** Sessions that were ended stay ended, whatever Redis does meanwhile. */

import assert from 'node:assert/strict'
import { after } from 'node:test'
import type { Plan } from '../../scripts/stack/plan.ts'
import { waitFor } from '../../scripts/stack/readiness.ts'
import type { Account } from '../support/accounts.ts'
import { changeUser } from '../support/admin.ts'
import type { Answer, Client } from '../support/client.ts'
import { knownTo, strangerTo, timingOf } from '../support/gate-people.ts'
import { HinderedRedis } from '../support/hindered-redis.ts'
import { assertProblem } from '../support/problem.ts'
import { withRedis } from '../support/redis.ts'
import {
  away,
  OUTAGE_SETTINGS,
  type Outage,
  outageTests,
  PATIENT,
} from '../support/redis-outage.ts'
import { bearing, sessionOf } from '../support/session.ts'
import { useStack } from '../support/test-stack.ts'

let redis: HinderedRedis
const tests = useStack(async () => {
  redis = await HinderedRedis.start()
  return { ...OUTAGE_SETTINGS, ...redis.settings }
})
after(() => redis?.remove())

/** $gate_session_cache, and $gate_session_stale as the tests set it. */
const FRESH_MS = 2000
const STALE_MS = 3000

const outage: Outage = { name: 'away', begin: () => redis.cut(), end: () => redis.heal() }
const test = outageTests(tests, outage, PATIENT, {
  'rendered/tunables.conf': (text) =>
    text.replace('js_var $gate_session_stale "60s"', `js_var $gate_session_stale "${STALE_MS}ms"`),
})

test('a session ended elsewhere is not good again because of it', async (plan, { begin }) => {
  const { client } = await knownTo(plan)
  await endElsewhere(plan, client)
  await waitFor(async () => assert.equal((await client.send('/api/me')).status, 401), 5000)
  await begin()
  await away(plan)
  assertProblem(await client.send('/api/me'), 503, 'session_store_unavailable')
})

test('a session ended elsewhere lives as long as it may be stale, and no longer', async (plan, {
  begin,
}) => {
  const { client } = await knownTo(plan)
  const known = performance.now()
  await begin()
  await endElsewhere(plan, client)
  const answers: Answer[] = []
  await waitFor(async () => {
    answers.push(await client.send('/api/me'))
    assert.notEqual(answers.at(-1)?.status, 200)
  }, 20_000)
  const lived = performance.now() - known
  assertProblem(answers.pop() as Answer, 503, 'session_store_unavailable')
  assert.ok(answers.every(({ status }) => status === 200))
  assert.deepEqual(
    new Set(answers.map((answer) => timingOf(answer).source)),
    new Set(['cache', 'stale']),
  )
  const span = FRESH_MS + STALE_MS
  assert.ok(lived > span - 500 && lived < span + 1500, `lived ${lived} ms`)
})

/** What ends the session, and who goes on in spite of it. */
const ENDS: Readonly<Record<string, (plan: Plan, cookie: string, own: Account) => Promise<void>>> =
  {
    'signing out': async (plan, cookie) => {
      const answer = await bearing(plan, cookie).send('/logout', { method: 'POST' })
      assert.equal(answer.status, 303)
    },
    'signing out everywhere': async (plan, cookie) => {
      const answer = await bearing(plan, cookie).send('/logout?everywhere=1', { method: 'POST' })
      assert.equal(answer.status, 303)
    },
    'ending it from the list': async (plan, cookie) => {
      const client = bearing(plan, cookie)
      const { hash } = sessionOf(plan, client)
      const answer = await client.send(`/api/me/sessions/${hash}`, { method: 'DELETE' })
      assert.equal(answer.status, 204)
    },
    'changing the password': async (plan, cookie, { password }) => {
      const body = { current_password: password, new_password: `${password} and more` }
      const answer = await bearing(plan, cookie).send('/api/me/password', { body })
      assert.equal(answer.status, 204)
    },
  }

for (const [what, end] of Object.entries(ENDS)) {
  test(`${what} beats an answer of Redis that is under way`, async (plan, { begin }) => {
    const { client, account } = await strangerTo(plan)
    const { value } = sessionOf(plan, client)
    const held = redis.holdNext()
    const answer = client.send('/api/me')
    await held.given
    await end(plan, value, account)
    held.release()
    assertProblem(await answer, 401, 'unauthenticated')
    await begin()
    await away(plan)
    const { status } = await client.send('/api/me')
    assert.ok(status === 401 || status === 503, `it was answered ${status}`)
  })
}

test('signing in again leaves the session before it dead', async (plan, { begin }) => {
  const { client, account } = await knownTo(plan)
  const { value } = sessionOf(plan, client)
  assert.equal((await client.signIn(account.username, account.password)).status, 200)
  assert.equal((await client.send('/api/me')).status, 200)
  await begin()
  await away(plan)
  assert.equal((await client.send('/api/me')).status, 200)
  assertProblem(await bearing(plan, value).send('/api/me'), 401, 'unauthenticated')
})

test('a user disabled a moment ago is out', async (plan, { begin }) => {
  const [user, admin] = [await knownTo(plan), await knownTo(plan, 'admin')]
  const changed = await changeUser(admin.client, user.account.id, { state: 'disabled' })
  assert.equal(changed.status, 200)
  await begin()
  await away(plan)
  const { status } = await user.client.send('/api/me')
  assert.ok(status === 401 || status === 503, `it was answered ${status}`)
})

/** Ends the client's session as another gate's worker would: nobody tells this nginx. */
async function endElsewhere(plan: Plan, client: Client): Promise<void> {
  const { key } = sessionOf(plan, client)
  assert.equal(await withRedis(plan, (connection) => connection.del(key)), 1)
}
