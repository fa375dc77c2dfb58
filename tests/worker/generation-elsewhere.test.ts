/** An answer that one worker runs can be read and stopped through another. */

import assert from 'node:assert/strict'
import { after } from 'node:test'
import { generationKey } from '#contract/redis-keys.ts'
import { waitFor } from '../../scripts/stack/readiness.ts'
import { signedIn } from '../support/accounts.ts'
import { only, readFirstContent, readUntil, rest, startChat, wholeChat } from '../support/chat.ts'
import { allEvents, readEvents, type StreamEvent, textOf } from '../support/chat-stream.ts'
import { CONVERSATIONS, plantConversation } from '../support/conversations.ts'
import { withRedis } from '../support/redis.ts'
import { type SecondWorker, startSecondWorker } from '../support/second-worker.ts'
import { awaitEnd } from '../support/standin-journal.ts'
import { useStack } from '../support/test-stack.ts'
import { settledRow } from '../support/usage-rows.ts'
import { askAsGate, openAsGate } from './gate-request.ts'

const { stack, stackTest } = useStack()

let other: Promise<SecondWorker> | undefined

/** The other worker, started when it is first needed. */
function elsewhere(): Promise<SecondWorker> {
  other ??= startSecondWorker(stack().plan)
  return other
}

after(async () => (await other)?.end('SIGTERM'))

async function openElsewhere(uid: string, id: string, from?: string) {
  const { plan } = await elsewhere()
  const headers = from === undefined ? {} : { 'Last-Event-ID': from }
  return openAsGate(plan, { path: `/api/chat/${id}/events`, identity: { uid }, headers })
}

async function readElsewhere(uid: string, id: string, from?: string) {
  const response = await openElsewhere(uid, id, from)
  assert.equal(response.statusCode, 200)
  return allEvents(response)
}

async function stopElsewhere(uid: string, id: string): Promise<number> {
  const { plan } = await elsewhere()
  const path = `/api/chat/${id}/stop`
  return (await askAsGate(plan, { path, method: 'POST', identity: { uid } })).status
}

function parts(events: readonly StreamEvent[]) {
  return { reasoning: textOf(events, 'reasoning'), content: textOf(events, 'content') }
}

stackTest('a running answer is followed to its end, from any place', async ({ plan }) => {
  await elsewhere()
  const { client, account } = await signedIn(plan)
  const script = 'standin: reasoning=30 tokens=60 delay=20'
  const { id, events } = await startChat(client, script, { thinking: true })
  const first = await readUntil(events, (_, all) => all.length > 20)
  const positions = [undefined, ...first.map((event) => event.id).filter((at) => at !== undefined)]
  const readers = positions.map((from) => readElsewhere(account.id, id, from))
  const all = [...first, ...(await rest(events))]
  for (const [n, reader] of readers.entries()) {
    const from = positions[n]
    const seen = await reader
    const before = from === undefined ? [] : all.slice(0, all.findIndex((e) => e.id === from) + 1)
    const [had, got, whole] = [parts(before), parts(seen), parts(all)]
    assert.equal(had.reasoning + got.reasoning, whole.reasoning, `reasoning from ${from}`)
    assert.equal(had.content + got.content, whole.content, `content from ${from}`)
    assert.deepEqual(only(seen, 'start').data, only(all, 'start').data)
    assert.deepEqual(only(seen, 'usage').data, only(all, 'usage').data)
    assert.deepEqual(only(seen, 'done').data, only(all, 'done').data)
  }
})

stackTest('a stop from elsewhere ends the call within a second', async ({ plan }) => {
  await elsewhere()
  const { client, account } = await signedIn(plan)
  const { id, events } = await startChat(client, 'standin: stall=3 delay=5')
  const first = await readFirstContent(events)
  const stoppedAt = Date.now()
  assert.equal(await stopElsewhere(account.id, id), 204)
  const all = [...first, ...(await rest(events))]
  assert.equal(only(all, 'done').data['ending'], 'stopped')
  const call = await awaitEnd(plan, id)
  assert.equal(call.ended, 'client_closed')
  assert.ok(Number(call.ended_ms) - stoppedAt < 1000, 'the call went on')
  assert.equal((await settledRow(plan, id)).ending, 'stopped')
  assert.equal(await stopElsewhere(account.id, id), 204, 'after the end')
  const seen = await readElsewhere(account.id, id)
  assert.equal(textOf(seen, 'content'), textOf(all, 'content'))
  assert.equal(only(seen, 'done').data['ending'], 'stopped')
})

stackTest(
  'an ended answer is read from its row, and nothing of it is left in Redis',
  async ({ plan }) => {
    const { client, account } = await signedIn(plan)
    const script = 'standin: reasoning=3 delay=1 text="Grüße, 世界! 🌍"'
    const { id, events } = await wholeChat(client, script, { thinking: true })
    await waitFor(async () => {
      const left = await withRedis(plan, (redis) => redis.exists(generationKey(account.id, id)))
      assert.equal(left, 0)
    }, 5000)
    const seen = await readElsewhere(account.id, id)
    assert.deepEqual(parts(seen), parts(events))
    for (const kind of ['start', 'usage', 'done']) {
      assert.deepEqual(only(seen, kind).data, only(events, kind).data)
    }
    const [, , at] = events.filter((event) => event.id !== undefined)
    assert.ok(at)
    const later = await readElsewhere(account.id, id, at.id)
    const before = events.slice(0, events.indexOf(at) + 1)
    assert.equal(parts(before).content + parts(later).content, parts(events).content)
  },
)

stackTest(
  'an answer of a deleted conversation is gone at once, though its row is not',
  async ({ plan }) => {
    await elsewhere()
    const { client, account } = await signedIn(plan)
    // Older messages are removed first, so the answer's row stays for some batches.
    const planted = await plantConversation(plan, account, Array(3000).fill('older'))
    const message = 'standin: delay=0 text=secret'
    const { id } = await wholeChat(client, message, { conversation_id: planted.id })
    await waitFor(async () => {
      const left = await withRedis(plan, (redis) => redis.exists(generationKey(account.id, id)))
      assert.equal(left, 0)
    }, 5000)
    assert.equal(textOf(await readElsewhere(account.id, id), 'content'), 'secret')
    await client.send(`${CONVERSATIONS}/${planted.id}`, { method: 'DELETE' })
    const gone = await openElsewhere(account.id, id)
    gone.resume()
    assert.equal(gone.statusCode, 404)
  },
)

stackTest('a failed answer is shown as failed', async ({ plan }) => {
  const { client, account } = await signedIn(plan)
  const { id, events } = await wholeChat(client, 'standin: cut=4 delay=1')
  const seen = await readElsewhere(account.id, id)
  assert.deepEqual(parts(seen), parts(events))
  assert.equal(only(seen, 'error').data['code'], 'upstream_interrupted')
  assert.deepEqual(only(seen, 'usage').data, only(events, 'usage').data)
})

stackTest(
  'nobody else can read or stop it there, and no position is no position',
  async ({ plan }) => {
    const { client, account } = await signedIn(plan)
    const { id, events } = await startChat(client, 'standin: stall=2 delay=1')
    await readFirstContent(events)
    const foreign = await openElsewhere(String(Number(account.id) + 1), id)
    assert.equal(foreign.statusCode, 404)
    foreign.resume()
    assert.equal(await stopElsewhere(String(Number(account.id) + 1), id), 404)
    assert.equal(await stopElsewhere(account.id, '0'.repeat(32)), 404)
    for (const from of ['c0', 'r0.c0;']) {
      const refused = await openElsewhere(account.id, id, from)
      assert.equal(refused.statusCode, 400, from)
      refused.resume()
    }
    assert.equal(await stopElsewhere(account.id, id), 204)
    await rest(events)
  },
)

stackTest('a reader elsewhere hears within a second what is new', async ({ plan }) => {
  const { client, account } = await signedIn(plan)
  const { id, events } = await startChat(client, 'standin: tokens=100 delay=30')
  await readFirstContent(events)
  const response = await openElsewhere(account.id, id)
  const seen = readEvents(response)
  await readUntil(seen, (_, all) => textOf(all, 'content').length > 0)
  const beginning = performance.now()
  await readUntil(seen, (_, all) => all.length >= 8)
  // Eight pieces come in eight rounds of telling, a fifth of a second each, unless it polls.
  assert.ok(performance.now() - beginning < 8 * 500, 'it was not told, it looked')
  response.destroy()
  await client.send(`/api/chat/${id}/stop`, { method: 'POST' })
  await rest(events)
})
