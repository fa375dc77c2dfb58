/** The gate while Redis answers late, by halves, or with errors. */

import assert from 'node:assert/strict'
import { after } from 'node:test'
import { chats, strangerTo, tally, timingOf } from '../support/gate-people.ts'
import { HinderedRedis } from '../support/hindered-redis.ts'
import { NginxLog } from '../support/nginx-log.ts'
import { testLimits } from '../support/outage-limits.ts'
import { testSessions } from '../support/outage-sessions.ts'
import { testTimes } from '../support/outage-times.ts'
import {
  OUTAGE_SETTINGS,
  type Outage,
  outageTests,
  PROVOKES,
  prepareNginx,
} from '../support/redis-outage.ts'
import { useStack } from '../support/test-stack.ts'

let redis: HinderedRedis
const tests = useStack(async () => {
  redis = await HinderedRedis.start()
  return { ...OUTAGE_SETTINGS, ...redis.settings }
})
after(() => redis?.remove())

const end = () => redis.heal()
const outages: readonly Outage[] = [
  { name: 'slower than the time limits', begin: () => redis.delay(750), end },
  { name: 'resetting in the middle of replies', begin: () => redis.cut(), end },
  {
    name: 'loading its data',
    begin: () => redis.answer('LOADING Redis is loading the dataset in memory'),
    end,
  },
  {
    name: 'unable to save',
    begin: () => redis.answer('MISCONF Redis is configured to save RDB snapshots, but cannot'),
    end,
  },
]

for (const outage of outages) {
  const test = outageTests(tests, outage)
  testSessions(test)
  testLimits(test)
  testTimes(test)
}

tests.stackTest(
  'Redis 100 ms late: all as ever, 100 ms later',
  async ({ plan }) => {
    await prepareNginx(plan)
    const log = new NginxLog(plan)
    const { client } = await strangerTo(plan)
    redis.delay(100)
    try {
      const answer = await client.send('/api/me')
      assert.equal(answer.status, 200)
      const { source, ms } = timingOf(answer)
      assert.equal(source, 'redis')
      assert.ok(ms >= 99, `the gate took ${ms} ms`)
      assert.deepEqual(tally(await chats(client, 20)), { 200: 5, 429: 15 })
    } finally {
      redis.heal()
    }
    assert.deepEqual(log.lines(/gate: Redis is/), [])
  },
  // The log queue may only now say that the outage before is over.
  { provokes: PROVOKES },
)
