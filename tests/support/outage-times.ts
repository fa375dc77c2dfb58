/** How long anybody waits for a Redis that is away, and what the log says. */

import assert from 'node:assert/strict'
import { waitFor } from '../../scripts/stack/readiness.ts'
import type { Answer, Client } from './client.ts'
import { knownTo, strangerTo, tally, timingOf } from './gate-people.ts'
import { NginxLog } from './nginx-log.ts'
import { inTime, type OutageTest } from './redis-outage.ts'
import { timed } from './timed.ts'

/** Half of the decisions that wait for nobody, ms. */
const AT_ONCE_MS = 50
/** Less than any time limit toward Redis, ms: whoever took less has not waited for one. */
const SHORTEST_LIMIT_MS = 200
/** From Redis' return until it is asked again, ms. */
const BACK_MS = 1000

const AWAY = /gate: Redis is away/
const BACK = /gate: Redis is back/
/** Anything of nginx's own at level error or above that is not about one of a client's requests. */
const NOISE = /\[(?:error|crit|alert|emerg)\](?!.*(?:gate: |subrequest: "\/_redis"))/

export function testTimes(test: OutageTest): void {
  test('no one waits beyond the time limits, and once it is known not at all', async (plan, outage) => {
    const log = new NginxLog(plan)
    const [known, stranger] = [await knownTo(plan), await strangerTo(plan)]
    const write = () => known.client.send('/api/nothing-here', { method: 'POST', body: {} })
    const read = () => stranger.client.send('/api/me')
    await outage.begin()
    const first = await Promise.all([crowd(write), crowd(read)])
    assert.deepEqual(first.map(tally), [{ 404: CROWD }, { 503: CROWD }])
    await log.line(AWAY)
    const later = await Promise.all([crowd(write), crowd(read)])
    const waits = later.flat().map((answer) => timingOf(answer).ms)
    waits.sort((one, other) => one - other)
    assert.ok((waits[CROWD] ?? 0) < AT_ONCE_MS, `the gate took ${waits} ms`)
    assert.ok((waits.at(-1) ?? 0) < SHORTEST_LIMIT_MS, `the gate took ${waits} ms`)
  })

  test('known sessions see it neither go nor come back within a second', async (plan, outage) => {
    const log = new NginxLog(plan)
    const [{ client }, stranger] = [await knownTo(plan), await strangerTo(plan)]
    const traffic = steadyTraffic(client)
    await outage.begin()
    await log.line(AWAY)
    await outage.end()
    const { ms } = await timed(
      waitFor(async () => {
        assert.equal((await stranger.client.send('/api/me')).status, 200)
      }, 10 * BACK_MS),
    )
    assert.ok(ms < BACK_MS, `back after ${ms} ms`)
    const answers = await traffic.stop()
    assert.deepEqual(Object.keys(tally(answers)), ['200'])
  })

  test('one line when it goes, one when it is back', async (plan, outage) => {
    const log = new NginxLog(plan)
    const strangers = await Promise.all([strangerTo(plan), strangerTo(plan)])
    await outage.begin()
    await log.line(AWAY)
    // Longer than several looks after Redis take.
    for (const began = Date.now(); Date.now() - began < 1500; ) {
      await Promise.all(strangers.map(({ client }) => crowd(() => client.send('/api/me'))))
    }
    await outage.end()
    await log.line(BACK)
    assert.equal(log.lines(AWAY).length, 1)
    assert.equal(log.lines(BACK).length, 1)
    assert.deepEqual(log.lines(NOISE), [])
  })
}

const CROWD = 20

function crowd(send: () => Promise<Answer>): Promise<readonly Answer[]> {
  return Promise.all(Array.from({ length: CROWD }, () => inTime(send())))
}

/** Sends one request after the other until it is told to stop. */
function steadyTraffic(client: Client) {
  let isOver = false
  const answers = (async () => {
    const all: Answer[] = []
    while (!isOver) all.push(await inTime(client.send('/api/me')))
    return all
  })()
  return {
    stop: () => {
      isOver = true
      return answers
    },
  }
}
