/** Answers that end while MySQL is away: shown whole, spooled, and settled when it is back. */

import assert from 'node:assert/strict'
import { readdirSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after } from 'node:test'
import { SETTLEMENT_SPOOL } from '#contract/redis-keys.ts'
import type { Plan } from '../../scripts/stack/plan.ts'
import { waitFor } from '../../scripts/stack/readiness.ts'
import { signedIn } from '../support/accounts.ts'
import { type Chat, only, readFirstContent, rest, startChat } from '../support/chat.ts'
import { type StreamEvent, textOf } from '../support/chat-stream.ts'
import { type OutsideServer, outsideMysql, outsideRedis } from '../support/outside-server.ts'
import { ROOMY } from '../support/own-stack.ts'
import { partOf, signalPart, successorOf, vanished } from '../support/processes.ts'
import { withRedis } from '../support/redis.ts'
import { PROVOKES } from '../support/redis-outage.ts'
import { awaitRows, sqlRows } from '../support/sql.ts'
import { useStack } from '../support/test-stack.ts'
import type { UsageRow } from '../support/usage-rows.ts'
import { assertSums } from '../support/usage-sums.ts'

let mysql: OutsideServer
let redis: OutsideServer
const { stackTest } = useStack(async () => {
  ;[mysql, redis] = await Promise.all([outsideMysql(), outsideRedis()])
  return { ...ROOMY, ...mysql.settings, ...redis.settings }
})
after(() => Promise.all([mysql?.remove(), redis?.remove()]))

const SCRIPT = 'standin: tokens=30 delay=20'
const RECOVERY_MS = 30_000
const WORKER_GONE = /upstream prematurely closed|worker\.sock|recv\(\) failed/

/** Reads an answer to its end, which has to be a good one with its usage. */
async function wholeRest(
  { events }: Chat,
  first: readonly StreamEvent[],
): Promise<readonly StreamEvent[]> {
  const all = [...first, ...(await rest(events))]
  assert.equal(only(all, 'usage').data['completion_tokens'], 30)
  assert.deepEqual(all.at(-1)?.data, { finish_reason: 'stop', ending: 'done' })
  return all
}

/** The row, the answer and the sums are those of a call that nothing has happened to. */
async function assertSettled(plan: Plan, id: string, text: string): Promise<void> {
  const rows = await awaitRows(
    plan,
    "SELECT * FROM token_usage WHERE request_id = ? AND state = 'settled'",
    [id],
    RECOVERY_MS,
  )
  const row = rows[0] as unknown as UsageRow
  assert.deepEqual([row.ending, row.completion_tokens, row.estimated], ['done', 30, 0])
  const [message] = await sqlRows(
    plan,
    "SELECT state, content FROM messages WHERE request_id = ? AND role = 'assistant'",
    [id],
  )
  assert.deepEqual({ ...message }, { state: 'done', content: text })
  assert.equal(await assertSums(plan, { id: row.user_id, username: '', password: '' }), 1)
}

function spooledFiles(plan: Plan): readonly string[] {
  return readdirSync(plan.layout.spool).filter((name) => name.endsWith('.json'))
}

stackTest(
  'MySQL frozen: the end waits in Redis, and goes from there when it is back',
  async ({ plan }) => {
    const { client } = await signedIn(plan)
    const chat = await startChat(client, SCRIPT)
    const first = await readFirstContent(chat.events)
    mysql.freeze()
    const all = await wholeRest(chat, first)
    assert.equal(await withRedis(plan, (connection) => connection.xlen(SETTLEMENT_SPOOL)), 1)
    assert.deepEqual(spooledFiles(plan), [])
    const refused = await client.send('/api/usage/records')
    assert.deepEqual([refused.status, refused.json()['code']], [503, 'storage_unavailable'])
    assert.ok(String(refused.json()['detail']).length > 0)
    mysql.thaw()
    await assertSettled(plan, chat.id, textOf(all, 'content'))
    await waitFor(async () => {
      assert.equal(await withRedis(plan, (connection) => connection.xlen(SETTLEMENT_SPOOL)), 0)
    }, RECOVERY_MS)
  },
)

stackTest(
  'MySQL and Redis killed: the end waits in a file, and outlives the worker',
  async ({ plan }) => {
    const { client } = await signedIn(plan)
    const chat = await startChat(client, SCRIPT)
    const first = await readFirstContent(chat.events)
    await Promise.all([mysql.kill(), redis.kill()])
    const all = await wholeRest(chat, first)
    assert.deepEqual(spooledFiles(plan), [`${chat.id}.json`])
    assert.equal(statSync(plan.layout.spool).mode & 0o777, 0o700)
    assert.equal(statSync(join(plan.layout.spool, `${chat.id}.json`)).mode & 0o777, 0o600)
    const killed = signalPart(plan, 'worker', 'SIGKILL')
    await vanished(killed)
    await Promise.all([mysql.start(), redis.start()])
    await successorOf(plan, 'worker', killed)
    await assertSettled(plan, chat.id, textOf(all, 'content'))
    assert.deepEqual(spooledFiles(plan), [])
    await waitFor(async () => {
      assert.equal((await client.send('/api/me')).status, 200)
    }, RECOVERY_MS)
  },
  { provokes: new RegExp(`${PROVOKES.source}|${WORKER_GONE.source}`) },
)

stackTest(
  'MySQL back before Redis: the file is worked off all the same, a bad one put aside',
  async ({ plan }) => {
    const { client } = await signedIn(plan)
    const chat = await startChat(client, SCRIPT)
    const first = await readFirstContent(chat.events)
    const worker = partOf(plan, 'worker')
    await Promise.all([mysql.kill(), redis.kill()])
    const all = await wholeRest(chat, first)
    writeFileSync(join(plan.layout.spool, 'torn.json'), '{"id":"0123', { mode: 0o600 })
    await mysql.start()
    await assertSettled(plan, chat.id, textOf(all, 'content'))
    await waitFor(async () => assert.deepEqual(spooledFiles(plan), []), RECOVERY_MS)
    assert.deepEqual(readdirSync(join(plan.layout.spool, 'refused')), ['torn.json'])
    await redis.start()
    assert.deepEqual(partOf(plan, 'worker'), worker, 'the worker has ended')
  },
  { provokes: PROVOKES },
)
