/** Settings of sessions: how long they live, and a secret that is exchanged. */

import assert from 'node:assert/strict'
import { waitFor } from '../../scripts/stack/readiness.ts'
import { sessionFor } from '../../worker/src/domain/session-token.ts'
import { knownTo, strangerTo } from '../support/gate-people.ts'
import { assertProblem } from '../support/problem.ts'
import { withRedis } from '../support/redis.ts'
import { bearing, sessionOf } from '../support/session.ts'
import { useStack } from '../support/test-stack.ts'

const [NEW, OLD, OTHER] = ['n', 'o', 'x'].map((letter) => letter.repeat(32)) as [
  string,
  string,
  string,
]
const IDLE_MS = 4000
const ABSOLUTE_MS = 10_000

const { stackTest } = useStack({
  GATE_SESSION_SECRET: `${NEW},${OLD}`,
  GATE_SESSION_IDLE: `${IDLE_MS / 1000}s`,
  GATE_SESSION_ABSOLUTE: `${ABSOLUTE_MS / 1000}s`,
})

stackTest('the first secret signs, both are accepted, no other is', async ({ plan }) => {
  const { client } = await strangerTo(plan)
  const { uid, token, value } = sessionOf(plan, client)
  assert.equal(value, sessionFor(uid, token, NEW).cookie)
  for (const secret of [NEW, OLD]) {
    const { cookie } = sessionFor(uid, token, secret)
    assert.equal((await bearing(plan, cookie).send('/api/me')).status, 200)
  }
  for (const secret of [OTHER, `${NEW},${OLD}`]) {
    const { cookie } = sessionFor(uid, token, secret)
    assertProblem(await bearing(plan, cookie).send('/api/me'), 401, 'unauthenticated')
  }
})

stackTest(
  'in use a session lives for its absolute time, unused for its idle time',
  async ({ plan }) => {
    const began = performance.now()
    const [used, unused] = [await knownTo(plan), await knownTo(plan)]
    const { key } = sessionOf(plan, unused.client)
    // Nothing but its own time ends it: the gate has asked for it once and never again.
    const unusedEnded = waitFor(async () => {
      assert.equal(await withRedis(plan, (redis) => redis.exists(key)), 0)
      return performance.now() - began
    }, 2 * ABSOLUTE_MS)
    const usedEnded = waitFor(async () => {
      assert.equal((await used.client.send('/api/me')).status, 401)
      return performance.now() - began
    }, 2 * ABSOLUTE_MS)
    const [idle, absolute] = await Promise.all([unusedEnded, usedEnded])
    assertProblem(await unused.client.send('/api/me'), 401, 'unauthenticated')
    // Redis counts whole seconds; two more are those for which the gate believes a session.
    assert.ok(idle > IDLE_MS - 1000 && idle < IDLE_MS + 2000, `unused it lived ${idle} ms`)
    assert.ok(absolute > ABSOLUTE_MS - 1000 && absolute < ABSOLUTE_MS + 4000, `used ${absolute} ms`)
  },
)
