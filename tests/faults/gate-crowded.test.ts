/** More requests at once than may ask Redis: the rest is decided here, and Redis is not taken for dead. */

import assert from 'node:assert/strict'
import { after } from 'node:test'
import { chat, knownTo, type Person, strangerTo } from '../support/gate-people.ts'
import { HinderedRedis } from '../support/hindered-redis.ts'
import { increase, readMetrics } from '../support/metrics.ts'
import { editNginx } from '../support/nginx-edit.ts'
import { NginxLog } from '../support/nginx-log.ts'
import { makePatient } from '../support/patient-gate.ts'
import { assertProblem } from '../support/problem.ts'
import { useStack } from '../support/test-stack.ts'

const CALLS = 'chatgate_gate_redis_calls_total'

let redis: HinderedRedis
const { stackTest } = useStack(async () => {
  redis = await HinderedRedis.start()
  return redis.settings
})
after(() => redis?.remove())

stackTest(
  'who finds no way to Redis is decided here; Redis is not called away',
  async ({ plan }) => {
    const people: Person[] = []
    for (let count = 0; count < 6; count++) people.push(await knownTo(plan))
    const stranger = await strangerTo(plan)
    await makePatient(plan)
    await editNginx(plan, {
      'rendered/http.conf': (text) => text.replace('max_conns=128', 'max_conns=1'),
    })
    const log = new NginxLog(plan)
    const before = await readMetrics(plan)
    const [first, ...others] = people
    assert.ok(first !== undefined)
    const held = redis.holdNext()
    const waiting = chat(first.client)
    await held.given
    for (const { client } of others) assert.equal((await chat(client)).status, 200)
    assertProblem(await stranger.client.send('/api/me'), 503, 'session_store_unavailable')
    held.release()
    assert.equal((await waiting).status, 200)
    // Redis decides again at once.
    assert.equal((await stranger.client.send('/api/me')).status, 200)
    const calls = increase(before, await readMetrics(plan), CALLS)
    assert.deepEqual(calls, { answered: 2, crowded: 6 })
    assert.deepEqual(log.lines(/Redis is away/), [])
  },
  { provokes: /no live upstreams/ },
)
