/** Stream slots from end to end: one answer at a time, and the next one as soon as it has ended. */

import assert from 'node:assert/strict'
import { slotKey } from '#contract/redis-keys.ts'
import { waitFor } from '../../scripts/stack/readiness.ts'
import { signedIn } from '../support/accounts.ts'
import { readFirstContent, rest, startChat, wholeChat } from '../support/chat.ts'
import { ROOMY } from '../support/own-stack.ts'
import { assertProblem } from '../support/problem.ts'
import { signalPart, successorOf } from '../support/processes.ts'
import { withRedis } from '../support/redis.ts'
import { useStack } from '../support/test-stack.ts'

const { stackTest } = useStack({
  ...ROOMY,
  GATE_LIMIT_CHAT: '"chat";q=1000;w=60',
  GATE_LIMIT_STREAMS: '1',
})

const SHORT = 'standin: tokens=2 delay=0'
const ENDLESS = 'standin: stall=1 delay=0'

stackTest(
  'a second answer at the same time is refused, a person of their own',
  async ({ plan }) => {
    const [{ client }, other] = await Promise.all([signedIn(plan), signedIn(plan)])
    const { id, events } = await startChat(client, ENDLESS)
    await readFirstContent(events)
    const refused = await client.send('/api/chat', { body: { message: SHORT } })
    assertProblem(refused, 429, 'too_many_streams')
    assert.equal((await wholeChat(other.client, SHORT)).events.at(-1)?.event, 'done')
    await client.send(`/api/chat/${id}/stop`, { method: 'POST' })
    await rest(events)
    assert.equal((await wholeChat(client, SHORT)).events.at(-1)?.event, 'done')
  },
)

stackTest('whoever has seen the end may ask again at once, however it ended', async ({ plan }) => {
  const { client } = await signedIn(plan)
  const scripts = [
    SHORT,
    'standin: error=1 delay=0',
    'standin: cut=1 delay=0',
    'standin: status=402',
  ]
  for (let round = 0; round < 5; round += 1) {
    for (const script of scripts) await wholeChat(client, script)
    for (const [message, status] of [
      [SHORT, 200],
      ['standin: status=402', 503],
      ['', 400],
    ] as const) {
      const answer = await client.send('/api/chat', { body: { message, stream: false } })
      assert.equal(answer.status, status, answer.text)
    }
  }
})

stackTest(
  'the slot of an answer whose worker was killed lapses by itself',
  async ({ plan }) => {
    const { client, account } = await signedIn(plan)
    const { events } = await startChat(client, ENDLESS)
    await readFirstContent(events)
    const key = slotKey(`u:${account.id}`, 'streams')
    assert.equal(await withRedis(plan, (redis) => redis.zcard(key)), 1)
    const old = signalPart(plan, 'worker', 'SIGKILL')
    await assert.rejects(rest(events))
    await successorOf(plan, 'worker', old)
    await waitFor(async () => {
      const { status } = await client.send('/api/chat', { body: { message: SHORT, stream: false } })
      assert.equal(status, 200)
    }, 15_000)
  },
  { provokes: /worker\.sock|upstream prematurely closed|recv\(\) failed/ },
)
