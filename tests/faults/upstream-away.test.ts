/** The model provider refusing connections, dying in the middle, or silent. */

import assert from 'node:assert/strict'
import type { Plan } from '../../scripts/stack/plan.ts'
import { createStandin } from '../standin/server.ts'
import { signedIn } from '../support/accounts.ts'
import { only, readFirstContent, readUntil, rest, startChat, wholeChat } from '../support/chat.ts'
import { textOf } from '../support/chat-stream.ts'
import type { Client } from '../support/client.ts'
import { ROOMY } from '../support/own-stack.ts'
import { signalPart } from '../support/processes.ts'
import { sqlRun } from '../support/sql.ts'
import { useStack } from '../support/test-stack.ts'
import { timed } from '../support/timed.ts'
import { settledRow } from '../support/usage-rows.ts'

const { stackTest } = useStack(ROOMY)

const REFUSAL_MS = 1000
const SCRIPT = 'standin: tokens=2 delay=0'

/** Makes calls go to another server until `forgetProvider`. */
async function useProvider(client: Client, port: number): Promise<void> {
  const body = { api_key: 'sk-test-elsewhere', base_url: `http://127.0.0.1:${port}` }
  assert.equal((await client.send('/admin/api_key', { body })).status, 200)
}

async function forgetProvider(plan: Plan, client: Client): Promise<void> {
  await sqlRun(plan, 'DELETE FROM api_keys WHERE NOT standin')
  await client.send('/admin/api/keys')
}

stackTest('refused connections are told at once, and the row is settled', async ({ plan }) => {
  const { client } = await signedIn(plan, 'admin')
  const gone = createStandin()
  const port = await gone.listen(0)
  await gone.close()
  await useProvider(client, port)
  const body = { message: SCRIPT, stream: false }
  const whole = await timed(client.send('/api/chat', { body }))
  assert.equal(whole.value.status, 502)
  assert.equal(whole.value.json()['code'], 'upstream_unavailable')
  const streamed = await timed(wholeChat(client, SCRIPT))
  assert.deepEqual(
    streamed.value.events.map(({ event }) => event),
    ['start', 'error'],
  )
  assert.equal(only(streamed.value.events, 'error').data['code'], 'upstream_unavailable')
  for (const { ms } of [whole, streamed]) assert.ok(ms < REFUSAL_MS, `it took ${ms} ms`)
  for (const id of [String(whole.value.headers['x-request-id']), streamed.value.id]) {
    const row = await settledRow(plan, id)
    assert.equal(row.ending, 'upstream_error')
    assert.equal(Number(row.cost), 0)
  }
  const models = await client.send('/api/models')
  assert.equal(models.status, 200, 'the list of models needs no provider')
  await gone.listen(port)
  assert.equal((await wholeChat(client, SCRIPT)).events.at(-1)?.event, 'done')
  await gone.close()
  await forgetProvider(plan, client)
})

stackTest('a provider that dies in the middle leaves what it said', async ({ plan }) => {
  const { client } = await signedIn(plan, 'admin')
  const provider = createStandin()
  await useProvider(client, await provider.listen(0))
  const { id, events } = await startChat(client, 'standin: stall=3 delay=0')
  const first = await readFirstContent(events)
  await provider.close()
  const all = [...first, ...(await rest(events))]
  assert.notEqual(textOf(all, 'content'), '')
  assert.equal(only(all, 'error').data['code'], 'upstream_interrupted')
  const row = await settledRow(plan, id)
  assert.equal(row.ending, 'upstream_error')
  assert.equal(row.estimated, 1)
  assert.ok(row.completion_tokens > 0)
  await forgetProvider(plan, client)
})

stackTest(
  'a frozen provider: begun at once, stoppable, and whole after it wakes',
  async ({ plan }) => {
    const { client } = await signedIn(plan, 'admin')
    signalPart(plan, 'standin', 'SIGSTOP')
    const waiting = await timed(startChat(client, SCRIPT))
    assert.ok(waiting.ms < REFUSAL_MS, `it took ${waiting.ms} ms`)
    const given = await startChat(client, SCRIPT)
    await readUntil(given.events, ({ event }) => event === 'start')
    const stop = { method: 'POST' } as const
    assert.equal((await client.send(`/api/chat/${given.id}/stop`, stop)).status, 204)
    const stopped = await timed(rest(given.events))
    assert.equal(only(stopped.value, 'done').data['ending'], 'stopped')
    assert.ok(stopped.ms < REFUSAL_MS, `it took ${stopped.ms} ms`)
    assert.equal((await settledRow(plan, given.id)).ending, 'stopped')
    signalPart(plan, 'standin', 'SIGCONT')
    assert.equal((await rest(waiting.value.events)).at(-1)?.event, 'done')
    assert.equal((await settledRow(plan, waiting.value.id)).ending, 'done')
  },
)
