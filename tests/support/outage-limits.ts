/** Limits without Redis: this nginx counts alone, whatever Redis had admitted. */

import assert from 'node:assert/strict'
import { Client } from './client.ts'
import { chat, chats, exhaust, freshAddress, knownTo, tally, timingOf } from './gate-people.ts'
import { openConnections } from './nginx-edit.ts'
import { assertProblem } from './problem.ts'
import { inTime, type OutageTest } from './redis-outage.ts'

export function testLimits(test: OutageTest): void {
  test('of 200 chats at once, through two processes, exactly five pass', async (plan, outage) => {
    const { client } = await knownTo(plan)
    await outage.begin()
    const answers = await chats(client, 200)
    const connections = openConnections(plan)
    assert.equal(connections.length, 2)
    assert.ok(
      connections.every((count) => count >= 50),
      `connections of nginx's processes: ${connections}`,
    )
    assert.deepEqual(tally(answers), { 200: 5, 429: 195 })
    for (const { status, headers } of answers) {
      if (status === 429) assert.match(String(headers['retry-after']), /^(?:60|5\d)$/)
    }
    const again = await chat(client)
    assertProblem(again, 429, 'rate_limited')
    assert.equal(timingOf(again).source, 'memory')
  })

  test('whoever had three chats has two left, whoever had five has none', async (plan, outage) => {
    const [three, five] = [await knownTo(plan), await knownTo(plan)]
    assert.deepEqual(tally(await chats(three.client, 3)), { 200: 3 })
    assert.deepEqual(tally(await chats(five.client, 5)), { 200: 5 })
    await outage.begin()
    assert.deepEqual(tally(await chats(three.client, 20)), { 200: 2, 429: 18 })
    assert.deepEqual(tally(await chats(five.client, 20)), { 429: 20 })
  })

  test('a flood over the limit is refused as before', async (plan, outage) => {
    const { client } = await knownTo(plan)
    await exhaust(client)
    await outage.begin()
    for (const refused of await chats(client, 20)) {
      assertProblem(refused, 429, 'rate_limited')
      assert.equal(timingOf(refused).source, 'memory')
    }
  })

  test('sign-ins are limited by address', async (plan, outage) => {
    const { account } = await knownTo(plan)
    const client = new Client(plan, freshAddress())
    await outage.begin()
    for (let left = 9; left >= 0; left--) {
      const answer = await inTime(client.signIn(account.username, `wrong ${left}`))
      assert.ok([401, 503].includes(answer.status), answer.text)
      assert.match(String(answer.headers['ratelimit']), new RegExp(`^"login";r=${left};t=\\d+$`))
    }
    const refused = await client.signIn(account.username, account.password)
    assertProblem(refused, 429, 'rate_limited')
    assert.equal(refused.headers['set-cookie'], undefined)
  })
}
