/** What is revoked while Redis is away stays revoked when it is back. */

import assert from 'node:assert/strict'
import { after } from 'node:test'
import { userKey } from '#contract/redis-keys.ts'
import type { Plan } from '../../scripts/stack/plan.ts'
import { waitFor } from '../../scripts/stack/readiness.ts'
import { makeAccount, signedIn } from '../support/accounts.ts'
import { Client } from '../support/client.ts'
import { type OutsideServer, outsideRedis } from '../support/outside-server.ts'
import { ROOMY } from '../support/own-stack.ts'
import { signalPart, successorOf } from '../support/processes.ts'
import { withRedis } from '../support/redis.ts'
import { bearing, type ClientSession, sessionOf } from '../support/session.ts'
import { sqlRows } from '../support/sql.ts'
import { useStack } from '../support/test-stack.ts'
import { timed } from '../support/timed.ts'
import { askAsGate } from '../worker/gate-request.ts'

let redis: OutsideServer
const { stackTest } = useStack(async () => {
  redis = await outsideRedis()
  return { ...ROOMY, ...redis.settings }
})
after(() => redis?.remove())

const ANSWER_MS = 1500
const RECOVERY_MS = 10_000
/** The outbox is kept a little longer than Redis may take to write to its disk. */
const FORGOTTEN_MS = 30_000
const PROVOKES =
  /\/_redis|redis\.sock|(recv|send|writev|connect)\(\) failed|gate: no decision|gate: (?:Redis|log records)/

const OUTAGES: Readonly<Record<string, { begin(): Promise<void>; end(): Promise<void> }>> = {
  killed: { begin: () => redis.kill(), end: () => redis.start() },
  frozen: { begin: async () => redis.freeze(), end: async () => redis.thaw() },
}

/** Resolves when Redis has everything that was done so far on its disk. */
async function onDisk(plan: Plan): Promise<void> {
  await withRedis(plan, (client) => client.call('WAITAOF', '1', '0', '5000'))
}

function noted(plan: Plan, uid: string) {
  return sqlRows(plan, 'SELECT hash FROM session_revocations WHERE user_id = ?', [uid])
}

/** Resolves when Redis no longer has the session. */
async function taken(plan: Plan, { key }: ClientSession): Promise<void> {
  await waitFor(async () => {
    assert.equal(await withRedis(plan, (client) => client.exists(key)), 0)
  }, RECOVERY_MS)
}

/** Resolves when the gate answers questions about sessions again, and asserts that this one is over. */
async function assertOver(plan: Plan, { value }: ClientSession): Promise<void> {
  await waitFor(async () => {
    assert.equal((await bearing(plan, value).send('/api/me')).status, 401)
  }, RECOVERY_MS)
}

for (const [how, outage] of Object.entries(OUTAGES)) {
  stackTest(
    `Redis ${how}: signing out works, and the session is over when Redis is back`,
    async ({ plan }) => {
      const { client, account } = await signedIn(plan)
      const session = sessionOf(plan, client)
      await onDisk(plan)
      await outage.begin()
      const { identity } = asPerson(session)
      const { value: answer, ms } = await timed(
        askAsGate(plan, { path: '/logout', method: 'POST', identity }),
      )
      assert.equal(answer.status, 303)
      assert.equal(answer.headers['x-gate-revoke'], `${session.uid}:${session.hash}`)
      assert.match(String(answer.headers['set-cookie']), /Max-Age=0/)
      assert.ok(ms < ANSWER_MS, `it took ${ms} ms`)
      assert.deepEqual(
        (await noted(plan, account.id)).map(({ hash }) => hash),
        [session.hash],
      )
      await outage.end()
      await taken(plan, session)
      await assertOver(plan, session)
      await waitFor(async () => assert.deepEqual(await noted(plan, account.id), []), FORGOTTEN_MS)
    },
    { provokes: PROVOKES },
  )

  stackTest(
    `Redis ${how}: signing out everywhere and disabling hold when Redis is back`,
    async ({ plan }) => {
      const admin = await makeAccount(plan, 'admin')
      const [leaver, disabled] = await Promise.all([signedIn(plan), signedIn(plan)])
      const sessions = [leaver, disabled].map(({ client }) => sessionOf(plan, client))
      const [first, second] = sessions
      assert.ok(first && second)
      await onDisk(plan)
      await outage.begin()
      const everywhere = await askAsGate(plan, {
        path: '/logout?everywhere=1',
        method: 'POST',
        ...asPerson(first),
      })
      assert.equal(everywhere.status, 303)
      assert.equal(everywhere.headers['x-gate-revoke'], `${first.uid}:2`)
      const change = await askAsGate(plan, {
        path: `/admin/api/users/${second.uid}`,
        method: 'PATCH',
        body: { version: 1, state: 'disabled' },
        identity: { uid: admin.id, role: 'admin' },
      })
      assert.equal(change.status, 200, change.text)
      assert.equal(change.headers['x-gate-revoke'], `${second.uid}:2`)
      await outage.end()
      for (const { uid } of sessions) {
        await waitFor(async () => {
          assert.equal(await withRedis(plan, (client) => client.hget(userKey(uid), 'epoch')), '2')
        }, RECOVERY_MS)
      }
      for (const session of sessions) await assertOver(plan, session)
      const again = new Client(plan)
      assert.equal(
        (await again.signIn(leaver.account.username, leaver.account.password)).status,
        200,
      )
    },
    { provokes: PROVOKES },
  )

  stackTest(
    `Redis ${how}: passwords are changed and reset, and everybody signs in with the new ones`,
    async ({ plan }) => {
      const admin = await makeAccount(plan, 'admin')
      const people = await Promise.all([signedIn(plan), signedIn(plan)])
      const [owner, other] = people.map(({ client }) => sessionOf(plan, client))
      const { username = '', password = '' } = people[0]?.account ?? {}
      assert.ok(owner && other)
      await onDisk(plan)
      await outage.begin()
      const wanted = 'chosen in an outage'
      const changed = await askAsGate(plan, {
        path: '/api/me/password',
        body: { current_password: password, new_password: wanted },
        ...asPerson(owner),
      })
      assert.equal(changed.status, 204, changed.text)
      assert.equal(changed.headers['x-gate-revoke'], `${owner.uid}:2`)
      // No session can be begun, so this browser is signed out as well.
      assert.match(String(changed.headers['set-cookie']), /Max-Age=0/)
      const reset = await askAsGate(plan, {
        path: `/admin/api/users/${other.uid}/reset-password`,
        method: 'POST',
        identity: { uid: admin.id, role: 'admin' },
      })
      assert.equal(reset.status, 200, reset.text)
      await outage.end()
      for (const session of [owner, other]) await assertOver(plan, session)
      const clients = [new Client(plan), new Client(plan)] as const
      const given = JSON.parse(reset.text).password
      await waitFor(async () => {
        assert.equal((await clients[0].signIn(username, wanted)).status, 200)
        const { username: name = '' } = people[1]?.account ?? {}
        assert.equal((await clients[1].signIn(name, given)).status, 200)
      }, RECOVERY_MS)
      assert.equal((await clients[0].send('/api/me')).status, 200)
      const held = await clients[1].send('/api/me')
      assert.equal(held.json()['code'], 'password_change_required')
    },
    { provokes: PROVOKES },
  )
}

stackTest(
  'a worker that ends in the meantime leaves the work to the next one',
  async ({ plan }) => {
    const { client } = await signedIn(plan)
    const session = sessionOf(plan, client)
    await onDisk(plan)
    await redis.kill()
    const answer = await askAsGate(plan, {
      path: '/logout',
      method: 'POST',
      ...asPerson(session),
    })
    assert.equal(answer.status, 303)
    const old = signalPart(plan, 'worker', 'SIGKILL')
    await redis.start()
    await successorOf(plan, 'worker', old)
    await taken(plan, session)
    await assertOver(plan, session)
  },
  {
    provokes:
      /worker\.sock|\/_redis|redis\.sock|(recv|send|writev|connect)\(\) failed|gate: (?:Redis|log records)/,
  },
)

function asPerson({ uid, hash }: ClientSession) {
  return { identity: { uid, session: hash } }
}
