/** The worker killed or stopped: a clear answer at once, and a new one takes over. */

import assert from 'node:assert/strict'
import { waitFor } from '../../scripts/stack/readiness.ts'
import { signedIn } from '../support/accounts.ts'
import { readFirstContent, rest, startChat, wholeChat } from '../support/chat.ts'
import { ROOMY } from '../support/own-stack.ts'
import { partOf, signalPart, successorOf, vanished } from '../support/processes.ts'
import { sqlRows } from '../support/sql.ts'
import { awaitEnd } from '../support/standin-journal.ts'
import { useStack } from '../support/test-stack.ts'
import { timed } from '../support/timed.ts'
import { settledRow, usageRows } from '../support/usage-rows.ts'

const { stackTest } = useStack(ROOMY)

const REFUSAL_MS = 1000
const RECOVERY_MS = 15_000
const SCRIPT = 'standin: tokens=2 delay=0'
const PROVOKES = /upstream prematurely closed|worker\.sock|recv\(\) failed/

stackTest(
  'the worker killed: 503 at once, then a new one answers',
  async ({ plan }) => {
    const { client } = await signedIn(plan)
    await wholeChat(client, SCRIPT)
    const nginx = partOf(plan, 'nginx')
    const killed = signalPart(plan, 'worker', 'SIGKILL')
    await vanished(killed)
    for (const [path, body] of [
      ['/api/chat', { message: SCRIPT }],
      ['/login', { username: 'somebody', password: 'something' }],
      ['/api/me', undefined],
    ] as const) {
      const { value, ms } = await timed(client.send(path, { body }))
      assert.equal(value.status, 503, `${path}: ${value.text}`)
      assert.match(String(value.headers['content-type']), /^application\/problem\+json/)
      assert.equal(value.json()['code'], 'worker_unavailable', path)
      assert.match(String(value.headers['retry-after']), /^[1-9]\d?$/)
      assert.ok(ms < REFUSAL_MS, `${path} took ${ms} ms`)
    }
    assert.equal((await client.send('/chat')).status, 200, 'pages do not need the worker')
    await successorOf(plan, 'worker', killed)
    await waitFor(async () => {
      assert.equal((await client.send('/api/me')).status, 200)
    }, RECOVERY_MS)
    assert.equal((await wholeChat(client, SCRIPT)).events.at(-1)?.event, 'done')
    assert.deepEqual(partOf(plan, 'nginx'), nginx, 'nginx has ended')
    const admins = await sqlRows(plan, "SELECT id FROM users WHERE username NOT LIKE 'test-%'")
    assert.equal(admins.length, 1, 'the first account was made again')
  },
  { provokes: PROVOKES },
)

stackTest(
  'an answer cut by the death of the worker does not look whole',
  async ({ plan }) => {
    const { client } = await signedIn(plan)
    const { id, events } = await startChat(client, 'standin: stall=2 delay=0')
    await readFirstContent(events)
    const killed = signalPart(plan, 'worker', 'SIGKILL')
    await assert.rejects(rest(events), /aborted/)
    assert.equal((await awaitEnd(plan, id)).ended, 'client_closed')
    // What it used is not forgotten: the row is there, still to be settled.
    assert.equal((await usageRows(plan, id))[0]?.state, 'open')
    await successorOf(plan, 'worker', killed)
    await waitFor(async () => {
      assert.equal((await client.send('/api/me')).status, 200)
    }, RECOVERY_MS)
  },
  { provokes: PROVOKES },
)

stackTest(
  'a worker that is told to stop finishes what it can and settles the rest',
  async ({ plan }) => {
    const { client } = await signedIn(plan)
    const short = await startChat(client, 'standin: tokens=30 delay=20')
    const endless = await startChat(client, 'standin: stall=2 delay=0')
    await Promise.all([readFirstContent(short.events), readFirstContent(endless.events)])
    const stopped = signalPart(plan, 'worker', 'SIGTERM')
    assert.equal((await rest(short.events)).at(-1)?.event, 'done')
    const last = (await rest(endless.events)).at(-1)
    assert.equal(last?.event, 'error')
    assert.equal(last.data['code'], 'shutting_down')
    await successorOf(plan, 'worker', stopped)
    assert.equal((await settledRow(plan, short.id)).ending, 'done')
    const row = await settledRow(plan, endless.id)
    assert.equal(row.ending, 'interrupted')
    assert.ok(row.completion_tokens > 0 && Number(row.cost) > 0)
    await waitFor(async () => {
      assert.equal((await client.send('/api/me')).status, 200)
    }, RECOVERY_MS)
  },
  { provokes: PROVOKES },
)
