/** A running answer belongs to the server: it can be stopped, resumed and left alone. */

import assert from 'node:assert/strict'
import type { Plan } from '../../scripts/stack/plan.ts'
import { waitFor } from '../../scripts/stack/readiness.ts'
import { signedIn } from '../support/accounts.ts'
import { only, readFirstContent, rest, startChat, wholeChat } from '../support/chat.ts'
import { allEvents, type StreamEvent, textOf } from '../support/chat-stream.ts'
import type { Client } from '../support/client.ts'
import { awaitEnd, recordedCalls } from '../support/standin-journal.ts'
import { useStack } from '../support/test-stack.ts'
import { settledRow } from '../support/usage-rows.ts'

const { stackTest } = useStack()

const STOP = { method: 'POST' } as const

/** Longest time from a stop to the end of the provider's call, ms. */
const STOP_LIMIT_MS = 1000

async function resume(client: Client, id: string, from?: string): Promise<readonly StreamEvent[]> {
  const headers = from === undefined ? {} : { 'Last-Event-ID': from }
  const response = await client.open(`/api/chat/${id}/events`, { headers })
  assert.equal(response.statusCode, 200)
  return allEvents(response)
}

/** Resolves when the call has reached the provider. */
function begunCall(plan: Plan, id: string): Promise<void> {
  return waitFor(async () => {
    const calls = await recordedCalls(plan, id)
    if (calls.length === 0) throw new Error('the provider was not called')
  }, 5000)
}

/** The provider says nothing meanwhile: only closing the connection can tell it. */
async function assertCallEnded(plan: Plan, id: string, stoppedAt: number): Promise<void> {
  const call = await awaitEnd(plan, id)
  assert.equal(call.ended, 'client_closed')
  assert.ok(Number(call.ended_ms) - stoppedAt < STOP_LIMIT_MS, 'the call went on')
}

stackTest('stop ends the call at the provider and keeps what came', async ({ plan }) => {
  const { client } = await signedIn(plan)
  const { id, events } = await startChat(client, 'standin: stall=3 delay=5')
  const first = await readFirstContent(events)
  const stoppedAt = Date.now()
  assert.equal((await client.send(`/api/chat/${id}/stop`, STOP)).status, 204)
  const all = [...first, ...(await rest(events))]
  assert.deepEqual(only(all, 'done').data, { finish_reason: null, ending: 'stopped' })
  await assertCallEnded(plan, id, stoppedAt)
  assert.equal(textOf(await resume(client, id), 'content'), textOf(all, 'content'))
  assert.equal((await settledRow(plan, id)).ending, 'stopped')
})

stackTest('stopping before the first word, twice, and after the end is fine', async ({ plan }) => {
  const { client } = await signedIn(plan)
  const { id, events } = await startChat(client, 'standin: stall=0')
  await begunCall(plan, id)
  const stoppedAt = Date.now()
  const answers = await Promise.all([1, 2].map(() => client.send(`/api/chat/${id}/stop`, STOP)))
  assert.deepEqual(
    answers.map(({ status }) => status),
    [204, 204],
  )
  assert.equal(only(await rest(events), 'done').data['ending'], 'stopped')
  await assertCallEnded(plan, id, stoppedAt)
  assert.equal((await client.send(`/api/chat/${id}/stop`, STOP)).status, 204)
})

stackTest('nobody else can stop or read an answer', async ({ plan }) => {
  const [owner, other] = await Promise.all([signedIn(plan), signedIn(plan, 'admin')])
  const { id, events } = await startChat(owner.client, 'standin: stall=1 tokens=2')
  await readFirstContent(events)
  for (const [path, options] of [
    [`/api/chat/${id}/stop`, STOP],
    [`/api/chat/${id}/events`, {}],
    [`/api/chat/${'0'.repeat(32)}/stop`, STOP],
  ] as const) {
    const answer = await other.client.send(path, options)
    assert.equal(answer.status, 404)
    assert.equal(answer.json()['code'], 'generation_not_found')
  }
  assert.equal((await recordedCalls(plan, id))[0]?.ended, null, 'the call was ended')
  await owner.client.send(`/api/chat/${id}/stop`, STOP)
  await rest(events)
})

stackTest('resumed from any position, the answer is the same text', async ({ plan }) => {
  const { client } = await signedIn(plan)
  const script = 'standin: reasoning=4 delay=1 text="Grüße, 世界! 🌍 That is all."'
  const { id, events } = await wholeChat(client, script, { thinking: true })
  const whole = { reasoning: textOf(events, 'reasoning'), content: textOf(events, 'content') }
  assert.notEqual(whole.reasoning, '')
  const positions = events.filter((event) => event.id !== undefined)
  for (const at of [undefined, ...positions]) {
    const before = at === undefined ? [] : events.slice(0, events.indexOf(at) + 1)
    const after = await resume(client, id, at?.id)
    for (const part of ['reasoning', 'content'] as const) {
      assert.equal(textOf(before, part) + textOf(after, part), whole[part], `from ${at?.id}`)
    }
    assert.deepEqual(only(after, 'start').data, only(events, 'start').data)
    assert.deepEqual(only(after, 'usage').data, only(events, 'usage').data)
    assert.deepEqual(after.at(-1)?.data, events.at(-1)?.data)
  }
})

stackTest('a running answer can be joined from two places at once', async ({ plan }) => {
  const { client } = await signedIn(plan)
  const { id, response, events } = await startChat(client, 'standin: tokens=30 delay=15')
  const first = await readFirstContent(events)
  const from = first.at(-1)?.id
  response.destroy()
  const [again, fromStart] = await Promise.all([resume(client, id, from), resume(client, id)])
  assert.equal(textOf(first, 'content') + textOf(again, 'content'), textOf(fromStart, 'content'))
  assert.equal(again.at(-1)?.event, 'done')
  assert.equal(fromStart.at(-1)?.event, 'done')
})

stackTest('no position, no resume', async ({ plan }) => {
  const { client } = await signedIn(plan)
  const { id } = await wholeChat(client, 'standin: delay=0 text="世界"')
  for (const position of ['r0.c1', 'r0.c7', 'r1.c0', 'c0', 'r-1.c0', 'r0.c0;', 'x'.repeat(200)]) {
    const headers = { 'Last-Event-ID': position }
    const answer = await client.send(`/api/chat/${id}/events`, { headers })
    assert.equal(answer.status, 400, position)
    const { code, errors } = answer.json<{ code: string; errors: { field: string }[] }>()
    assert.equal(code, 'invalid_request')
    assert.deepEqual(
      errors.map(({ field }) => field),
      ['Last-Event-ID'],
    )
  }
})

stackTest('an answer goes on to its end when its reader leaves', async ({ plan }) => {
  const { client } = await signedIn(plan)
  const { id, response, events } = await startChat(client, 'standin: tokens=20 delay=20')
  await readFirstContent(events)
  response.destroy()
  const call = await awaitEnd(plan, id)
  assert.equal(call.ended, 'complete')
  const row = await settledRow(plan, id)
  assert.equal(row.ending, 'done')
  assert.equal(row.completion_tokens, 20)
  const events2 = await resume(client, id)
  assert.equal(only(events2, 'usage').data['completion_tokens'], 20)
})
