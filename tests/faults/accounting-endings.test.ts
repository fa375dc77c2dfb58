/**
 * Calls that end at random points because the worker dies, is told to stop, or the provider falls
 * silent: each has one settled row, for what the provider sent up to there. Limits on answers are short
 * here, and tested along the way.
 */

import assert from 'node:assert/strict'
import { waitFor } from '../../scripts/stack/readiness.ts'
import { assertRollups, type Bill, checkedBill, openCalls } from '../support/books.ts'
import { only, wholeChat } from '../support/chat.ts'
import { textOf } from '../support/chat-stream.ts'
import { allBegun, CROWDED, type FollowedChat, followAll, makePeople } from '../support/crowd.ts'
import { signalPart, successorOf } from '../support/processes.ts'
import { type Script, scriptAnswer } from '../support/scripted-answer.ts'
import { chooseSeed, drawFrom } from '../support/seed.ts'
import { useStack } from '../support/test-stack.ts'
import { timed } from '../support/timed.ts'
import { settledRow } from '../support/usage-rows.ts'

const GRACE_MS = 1000
const FIRST_MS = 3000
const IDLE_MS = 2000
const ANSWER_MS = 12_000
const { stackTest } = useStack({
  ...CROWDED,
  WORKER_GRACE: `${GRACE_MS}ms`,
  WORKER_FIRST_PAYLOAD: `${FIRST_MS}ms`,
  WORKER_PAYLOAD_IDLE: `${IDLE_MS}ms`,
  WORKER_ANSWER_TIME: `${ANSWER_MS}ms`,
  WORKER_ANSWER_BYTES: '32k',
  WORKER_MESSAGE_CHARACTERS: '300',
  WORKER_BODY_BYTES: '6k',
})

const POINTS = 20
/** The silence after which a worker counts as gone, and what may come on top, ms. */
const SWEEP_MS = 60_000
const PROVOKES =
  /upstream prematurely closed|worker\.sock|recv\(\) failed|client intended to send too large/

const draw = drawFrom(chooseSeed())

/** Answers that at any moment are at points of their own; half of them think first. */
function randomScripts(more: (tokens: number) => string = () => ''): readonly Script[] {
  return Array.from({ length: POINTS }, (_, index) => {
    const reasoning = index % 2 === 0 ? draw.integer(1, 60) : 0
    return {
      ...{ tokens: 2000, reasoning, delayMs: draw.integer(5, 40) },
      more: more(reasoning + draw.integer(1, 200)),
    }
  })
}

async function pause(ms: number): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, ms))
}

function isPartial({ row, message, call }: Bill): void {
  const { reasoning, content } = call.tokens_sent
  assert.ok(reasoning + content < 2000, `${row.request_id} was whole`)
  assert.equal(row.estimated, 1)
  assert.notEqual(message.content + message.reasoning, '')
}

let killed: readonly FollowedChat[] = []

stackTest(
  'the worker killed at 20 random points: the calls stay open for now',
  async ({ plan }) => {
    const people = await makePeople(plan, 5)
    killed = await followAll(people, randomScripts().map(scriptAnswer))
    await allBegun(killed)
    await pause(draw.integer(200, 2000))
    const worker = signalPart(plan, 'worker', 'SIGKILL')
    for (const chat of killed) assert.equal(await chat.over, 'cut')
    await successorOf(plan, 'worker', worker)
    await waitFor(async () => void (await makePeople(plan, 1)), 20_000)
  },
  { provokes: PROVOKES },
)

stackTest(
  'the provider silent from 20 random points on: ended and kept in time',
  async ({ plan }) => {
    const people = await makePeople(plan, 5)
    const scripts = randomScripts((tokens) => `stall=${tokens} keepalive=0.5`)
    const chats = await followAll(people, scripts.map(scriptAnswer))
    for (const chat of chats) {
      const last = await chat.over
      assert.ok(last !== 'cut')
      assert.equal(last.data['code'], 'upstream_timeout')
      const bill = await checkedBill(plan, chat)
      assert.deepEqual([bill.row.ending, bill.message.state], ['timeout', 'failed'])
      isPartial(bill)
      // All that was sent had two seconds to arrive.
      assert.equal(bill.message.content, chat.answer.contentText(bill.call.tokens_sent.content))
    }
  },
)

stackTest('a queue that never ends is left, whatever keep-alives say', async ({ plan }) => {
  const [client] = await makePeople(plan, 1)
  assert.ok(client !== undefined)
  const { value, ms } = await timed(wholeChat(client, 'standin: first=60000 keepalive=0.3 text=x'))
  assert.equal(only(value.events, 'error').data['code'], 'upstream_timeout')
  assert.ok(ms >= FIRST_MS - 50 && ms < FIRST_MS + 3000, `${ms} ms`)
  const row = await settledRow(plan, value.id)
  assert.deepEqual([row.ending, row.prompt_tokens, Number(row.cost)], ['timeout', 0, 0])
})

stackTest(
  'an answer that takes too long, or is too large, is kept as far as it came',
  async ({ plan }) => {
    const [client] = await makePeople(plan, 1)
    assert.ok(client !== undefined)
    const [slow, large] = await Promise.all([
      timed(wholeChat(client, 'standin: first=2500 keepalive=0.3 tokens=2000 delay=50')),
      wholeChat(client, 'standin: tokens=20000 delay=0'),
    ])
    assert.equal(only(slow.value.events, 'error').data['code'], 'upstream_timeout')
    // The time in the queue was not taken from it.
    assert.ok(slow.ms >= ANSWER_MS + 2400 && slow.ms < ANSWER_MS + 6000, `${slow.ms} ms`)
    assert.equal((await settledRow(plan, slow.value.id)).ending, 'timeout')
    assert.equal(only(large.events, 'error').data['code'], 'upstream_interrupted')
    const length = textOf(large.events, 'content').length
    assert.ok(length > 32 * 1024 && length < 34 * 1024, `${length} bytes`)
    const row = await settledRow(plan, large.id)
    assert.deepEqual([row.ending, row.estimated], ['upstream_error', 1])
  },
)

stackTest(
  'a message and a body have a largest size',
  async ({ plan }) => {
    const [client] = await makePeople(plan, 1)
    assert.ok(client !== undefined)
    const ask = (message: string) => client.send('/api/chat', { body: { message, stream: false } })
    const script = 'standin: tokens=1 delay=0\n'
    assert.equal((await ask(script.padEnd(300, '长'))).status, 200)
    const long = await ask(script.padEnd(301, '长'))
    assert.deepEqual([long.status, long.json()['code']], [400, 'invalid_request'])
    const large = await ask('长'.repeat(2100))
    assert.deepEqual([large.status, large.json()['code']], [413, 'payload_too_large'])
  },
  { provokes: PROVOKES },
)

stackTest(
  'told to stop at 20 random points: finished in the grace time, or marked',
  async ({ plan }) => {
    const people = await makePeople(plan, 5)
    const scripts = randomScripts().map((script, index) =>
      index % 4 === 0 ? { ...script, tokens: draw.integer(10, 60), delayMs: 20 } : script,
    )
    const chats = await followAll(people, scripts.map(scriptAnswer))
    await allBegun(chats)
    await pause(draw.integer(0, 500))
    const worker = signalPart(plan, 'worker', 'SIGTERM')
    const ends = new Set<string>()
    for (const chat of chats) {
      const last = await chat.over
      assert.ok(last !== 'cut')
      const bill = await checkedBill(plan, chat)
      const expected = last.event === 'done' ? 'done' : 'interrupted'
      ends.add(expected)
      if (expected === 'interrupted') {
        assert.equal(last.data['code'], 'shutting_down')
        isPartial(bill)
      }
      assert.deepEqual([bill.row.ending, bill.message.state], [expected, expected])
    }
    assert.deepEqual([...ends].sort(), ['done', 'interrupted'])
    await successorOf(plan, 'worker', worker)
    await waitFor(async () => void (await makePeople(plan, 1)), 20_000)
  },
  { provokes: PROVOKES },
)

stackTest(
  'what a killed worker left open is settled by the sweep, and the sums agree',
  async ({ plan }) => {
    await waitFor(
      async () => assert.deepEqual(await openCalls(plan), [], 'calls are still open'),
      SWEEP_MS,
    )
    await assertRollups(plan)
    for (const chat of killed) {
      const bill = await checkedBill(plan, chat)
      assert.deepEqual([bill.row.ending, bill.message.state], ['interrupted', 'interrupted'])
      isPartial(bill)
    }
  },
)
