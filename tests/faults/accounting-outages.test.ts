/** MySQL and Redis away for 20 s under a hundred answers: each is shown, and billed once and rightly. */

import assert from 'node:assert/strict'
import { after } from 'node:test'
import type { Plan } from '../../scripts/stack/plan.ts'
import { waitFor } from '../../scripts/stack/readiness.ts'
import { assertRollups, checkedBill, openCalls } from '../support/books.ts'
import { allBegun, CROWDED, type FollowedChat, followAll, makePeople } from '../support/crowd.ts'
import { type OutsideServer, outsideMysql, outsideRedis } from '../support/outside-server.ts'
import { makePatient } from '../support/patient-gate.ts'
import { partOf } from '../support/processes.ts'
import { PROVOKES } from '../support/redis-outage.ts'
import { scriptAnswer } from '../support/scripted-answer.ts'
import { chooseSeed, drawFrom } from '../support/seed.ts'
import { useStack } from '../support/test-stack.ts'

let mysql: OutsideServer
let redis: OutsideServer
const { stackTest } = useStack(async () => {
  ;[mysql, redis] = await Promise.all([outsideMysql(), outsideRedis()])
  return { ...CROWDED, ...mysql.settings, ...redis.settings }
})
after(() => Promise.all([mysql?.remove(), redis?.remove()]))

const STREAMS = 100
const OUTAGE_MS = 20_000
/** What may pass from the end of the outage until the last of the bills is written, ms. */
const SETTLED_MS = 30_000

const draw = drawFrom(chooseSeed())

/** Begins answers that end by themselves before, in and after the outage. */
async function beginAll(plan: Plan): Promise<readonly FollowedChat[]> {
  const people = await makePeople(plan, 5)
  const answers = Array.from({ length: STREAMS }, (_, index) =>
    scriptAnswer({
      tokens: draw.integer(20, 250),
      reasoning: index % 3 === 0 ? draw.integer(1, 40) : 0,
      delayMs: 100,
    }),
  )
  const chats = await followAll(people, answers)
  await allBegun(chats)
  await pause(draw.integer(100, 2000))
  return chats
}

async function pause(ms: number): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, ms))
}

/** Does something with every tenth chat at a random moment of the outage; returns with whom. */
async function meanwhile(
  chats: readonly FollowedChat[],
  offset: number,
  act: (chat: FollowedChat) => void | Promise<void>,
): Promise<readonly FollowedChat[]> {
  const some = chats.filter((_, index) => index % 10 === offset)
  await Promise.all(
    some.map(async (chat) => {
      await pause(draw.integer(500, 10_000))
      await act(chat)
    }),
  )
  return some
}

async function assertBooks(
  plan: Plan,
  chats: readonly FollowedChat[],
  stopped: readonly FollowedChat[],
): Promise<void> {
  await waitFor(
    async () => assert.deepEqual(await openCalls(plan), [], 'calls are still open'),
    SETTLED_MS,
  )
  for (const chat of chats) {
    const { row, message, call } = await checkedBill(plan, chat)
    const mayBeStopped = stopped.includes(chat) && call.ended === 'client_closed'
    const expected = mayBeStopped ? 'stopped' : 'done'
    assert.deepEqual([row.ending, message.state], [expected, expected], chat.id)
    if (expected === 'done') {
      assert.equal(message.content, chat.answer.contentText(Number.POSITIVE_INFINITY))
      assert.equal(row.estimated, 0)
    }
  }
  await assertRollups(plan)
}

stackTest(
  'MySQL away for 20 s: nothing is lost, nothing is billed twice',
  async ({ plan }) => {
    await makePatient(plan)
    const worker = partOf(plan, 'worker')
    const chats = await beginAll(plan)
    await mysql.kill()
    const [, stopped, left] = await Promise.all([
      pause(OUTAGE_MS),
      meanwhile(chats, 1, (chat) => chat.stop()),
      meanwhile(chats, 2, (chat) => chat.leave()),
    ])
    await mysql.start()
    for (const chat of chats) {
      const last = await chat.over
      if (!left.includes(chat)) assert.equal(last !== 'cut' && last.event, 'done', chat.id)
    }
    await assertBooks(plan, chats, stopped)
    assert.deepEqual(partOf(plan, 'worker'), worker, 'the worker has ended')
  },
  { provokes: PROVOKES },
)

stackTest(
  'Redis away for 20 s: running answers and their bills do not need it',
  async ({ plan }) => {
    const worker = partOf(plan, 'worker')
    const chats = await beginAll(plan)
    await redis.kill()
    const [, left] = await Promise.all([
      pause(OUTAGE_MS),
      meanwhile(chats, 2, (chat) => chat.leave()),
    ])
    await redis.start()
    for (const chat of chats) {
      const last = await chat.over
      if (!left.includes(chat)) assert.equal(last !== 'cut' && last.event, 'done', chat.id)
    }
    await assertBooks(plan, chats, [])
    assert.deepEqual(partOf(plan, 'worker'), worker, 'the worker has ended')
  },
  { provokes: PROVOKES },
)
