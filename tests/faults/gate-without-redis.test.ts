/** The gate while Redis is dead or frozen. */

import assert from 'node:assert/strict'
import { after } from 'node:test'
import { Client } from '../support/client.ts'
import { freshAddress, knownTo } from '../support/gate-people.ts'
import { testLimits } from '../support/outage-limits.ts'
import { testSessions } from '../support/outage-sessions.ts'
import { testTimes } from '../support/outage-times.ts'
import { type OutsideServer, outsideRedis } from '../support/outside-server.ts'
import { OUTAGE_SETTINGS, type Outage, outageTests } from '../support/redis-outage.ts'
import { useStack } from '../support/test-stack.ts'

let redis: OutsideServer
const tests = useStack(async () => {
  redis = await outsideRedis()
  return { ...OUTAGE_SETTINGS, ...redis.settings }
})
after(() => redis?.remove())

const outages: readonly Outage[] = [
  { name: 'killed', begin: () => redis.kill(), end: () => redis.start() },
  { name: 'frozen', begin: () => redis.freeze(), end: () => redis.thaw() },
]

for (const one of outages) {
  const test = outageTests(tests, one)
  testSessions(test)
  testLimits(test)
  testTimes(test)

  test('the right password does not sign anybody in', async (plan, outage) => {
    const { account } = await knownTo(plan)
    const client = new Client(plan, freshAddress())
    await outage.begin()
    const answer = await client.signIn(account.username, account.password)
    assert.equal(answer.status, 503, answer.text)
    assert.match(String(answer.headers['retry-after']), /^[1-9]\d?$/)
    assert.equal(client.cookies.size, 0)
  })
}
