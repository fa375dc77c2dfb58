/** Limits while Redis goes and comes back: no window ever holds more than the limit. */

import assert from 'node:assert/strict'
import { after } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { Admissions } from '../support/admissions.ts'
import { Client } from '../support/client.ts'
import { chat, freshAddress, knownTo, tally, timingOf } from '../support/gate-people.ts'
import { HinderedRedis } from '../support/hindered-redis.ts'
import { editNginx } from '../support/nginx-edit.ts'
import { withRedis } from '../support/redis.ts'
import {
  away,
  OUTAGE_SETTINGS,
  type Outage,
  outageTests,
  PATIENT,
  returned,
} from '../support/redis-outage.ts'
import { useStack } from '../support/test-stack.ts'

const QUOTA = 5
const WINDOW_MS = 6000

let redis: HinderedRedis
const tests = useStack(async () => {
  redis = await HinderedRedis.start()
  return { ...OUTAGE_SETTINGS, ...redis.settings, GATE_LIMIT_CHAT: `"chat";q=${QUOTA};w=6` }
})
after(() => redis?.remove())

const LOADING = 'LOADING Redis is loading the dataset in memory'
const outage: Outage = {
  name: 'away and back',
  begin: () => redis.answer(LOADING),
  end: () => redis.heal(),
}
const test = outageTests(tests, outage)

// First: nothing has been counted without Redis yet, which would hide what it looks for.
test('a Redis that has lost its memory does not double what this nginx admitted', async (plan) => {
  const client = new Client(plan, freshAddress())
  const attempt = () => client.signIn('nobody', 'wrong')
  for (let count = 0; count < 10; count++) assert.equal((await attempt()).status, 401)
  await withRedis(plan, (connection) => connection.flushall())
  await redis.server.kill()
  await redis.server.start()
  await returned(plan)
  assert.equal((await attempt()).status, 429)
  const stranger = new Client(plan, freshAddress())
  assert.equal((await stranger.signIn('nobody', 'wrong')).status, 401)
})

test('five without Redis are five, also after its return', async (plan, { begin, end }) => {
  const chats = new Admissions((await knownTo(plan)).client)
  await begin()
  await away(plan)
  // Not one more: a refusal would be remembered, whatever is counted afterwards.
  assert.equal(await chats.crowd(QUOTA), QUOTA)
  await end()
  await returned(plan)
  assert.equal(await chats.crowd(20), 0)
  await chats.until(2 * QUOTA, 3 * WINDOW_MS)
  chats.assertWithin(QUOTA, WINDOW_MS)
})

test('three by Redis and two without it are five, also after its return', async (plan, {
  begin,
  end,
}) => {
  const chats = new Admissions((await knownTo(plan)).client)
  assert.equal(await chats.crowd(3), 3)
  await begin()
  assert.equal(await chats.crowd(2), 2)
  await end()
  await returned(plan)
  assert.equal(await chats.crowd(20), 0)
  await chats.until(2 * QUOTA, 3 * WINDOW_MS)
  chats.assertWithin(QUOTA, WINDOW_MS)
})

test('a chat that Redis fails in the middle of counts once', async (plan, { begin, end }) => {
  const [first, second] = [await knownTo(plan), await knownTo(plan)]
  await begin()
  await away(plan)
  // From now on this nginx counts beside Redis.
  assert.equal((await chat(first.client)).status, 200)
  await end()
  await returned(plan)
  redis.cut()
  try {
    for (let count = 0; count < QUOTA; count++) {
      assert.equal((await chat(second.client)).status, 200, `chat ${count + 1}`)
    }
    assert.equal((await chat(second.client)).status, 429)
  } finally {
    redis.heal()
  }
})

test('a Redis that comes and goes all the time doubles nothing', async (plan, { begin, end }) => {
  const chats = new Admissions((await knownTo(plan)).client)
  const troubles = [
    () => redis.cut(),
    () => redis.heal(),
    begin,
    () => redis.heal(),
    () => redis.delay(400),
    () => redis.heal(),
    () => redis.delay(100),
  ]
  let isOver = false
  const senders = Array.from({ length: 4 }, async () => {
    while (!isOver) if (!(await chats.try())) await delay(10)
  })
  for (let round = 0; round < 6 * troubles.length; round++) {
    await troubles[round % troubles.length]?.()
    // Long enough for some rounds to be noticed and some not.
    await delay(40 + ((round * 97) % 400))
  }
  isOver = true
  await Promise.all(senders)
  await end()
  assert.ok(chats.count >= QUOTA)
  chats.assertWithin(QUOTA, WINDOW_MS)
})

test('one that Redis admits while another is admitted without it is refused', async (plan) => {
  await editNginx(plan, PATIENT)
  const { client } = await knownTo(plan)
  const chats = new Admissions(client)
  assert.equal(await chats.crowd(QUOTA - 1), QUOTA - 1)
  const held = redis.holdNext()
  const first = chat(client)
  await held.given
  redis.cut()
  const second = await chat(client)
  redis.heal()
  held.release()
  const answers = [second, await first]
  assert.deepEqual(tally(answers), { 200: 1, 429: 1 })
  assert.deepEqual(
    answers.map((answer) => timingOf(answer).source),
    ['stale', 'local'],
  )
})
