/** MySQL dead or frozen: new chats are refused in time, nothing that ran is lost, all comes back. */

import assert from 'node:assert/strict'
import { after } from 'node:test'
import type { Plan } from '../../scripts/stack/plan.ts'
import { waitFor } from '../../scripts/stack/readiness.ts'
import { type Account, makeAccount, signedIn } from '../support/accounts.ts'
import { readFirstContent, rest, startChat, wholeChat } from '../support/chat.ts'
import { type Answer, Client } from '../support/client.ts'
import { type OutsideServer, outsideMysql } from '../support/outside-server.ts'
import { ROOMY } from '../support/own-stack.ts'
import { partOf } from '../support/processes.ts'
import { awaitRows } from '../support/sql.ts'
import { recordedCalls } from '../support/standin-journal.ts'
import { useStack } from '../support/test-stack.ts'
import { timed } from '../support/timed.ts'
import { settledRow } from '../support/usage-rows.ts'

let mysql: OutsideServer
const { stackTest } = useStack(async () => {
  mysql = await outsideMysql()
  return { ...ROOMY, ...mysql.settings }
})
after(() => mysql?.remove())

const RECOVERY_MS = 20_000
const SCRIPT = 'standin: tokens=3 delay=0'

interface Outage {
  begin(): Promise<void>
  end(): Promise<void>
  /** How long a refusal may take, ms. */
  readonly limitMs: number
}

const OUTAGES: Readonly<Record<string, Outage>> = {
  killed: { begin: () => mysql.kill(), end: () => mysql.start(), limitMs: 1000 },
  frozen: { begin: async () => mysql.freeze(), end: async () => mysql.thaw(), limitMs: 1500 },
}

/** Resolves when an account can sign in and chat again. */
async function recovered(plan: Plan, { username, password }: Account): Promise<void> {
  await waitFor(async () => {
    const client = new Client(plan)
    const { status } = await client.signIn(username, password)
    if (status !== 200) throw new Error(`POST /login still answers ${status}`)
    const { events } = await wholeChat(client, SCRIPT)
    if (events.at(-1)?.event !== 'done') throw new Error('the chat does not answer yet')
  }, RECOVERY_MS)
}

for (const [how, outage] of Object.entries(OUTAGES)) {
  stackTest(`MySQL ${how}: what needs it says so in time, the rest goes on`, async ({ plan }) => {
    const [{ client }, spare] = await Promise.all([signedIn(plan, 'admin'), makeAccount(plan)])
    const worker = partOf(plan, 'worker')
    await outage.begin()
    const body = { message: SCRIPT }
    const asks: Readonly<Record<string, () => Promise<Answer>>> = {
      'a streamed chat': () => client.send('/api/chat', { body }),
      'a chat that is not streamed': () =>
        client.send('/api/chat', { body: { ...body, stream: false } }),
      'GET /api/me': () => client.send('/api/me'),
      'GET /api/usage/summary': () => client.send('/api/usage/summary'),
      'GET /admin/api/logs': () => client.send('/admin/api/logs'),
      'POST /login': () => new Client(plan).signIn(spare.username, spare.password),
    }
    const ids: string[] = []
    for (const [what, ask] of Object.entries(asks)) {
      const { value, ms } = await timed(ask())
      assert.ok(ms < outage.limitMs, `${what} took ${ms} ms`)
      assert.equal(value.status, 503, `${what}: ${value.text}`)
      assert.equal(value.json()['code'], 'storage_unavailable', what)
      assert.match(String(value.headers['retry-after']), /^[1-9]\d?$/, what)
      ids.push(String(value.headers['x-request-id']))
    }
    for (const id of ids)
      assert.deepEqual(await recordedCalls(plan, id), [], 'the model was called')
    assert.equal((await client.send('/chat')).status, 200)
    assert.equal((await new Client(plan).send('/api/me')).status, 401)

    await outage.end()
    await recovered(plan, spare)
    assert.deepEqual(partOf(plan, 'worker'), worker, 'the worker has ended')
    for (const id of ids) {
      const query = 'SELECT status, verdict FROM proxy_logs WHERE request_id = ?'
      const [row] = await awaitRows(plan, query, [id], RECOVERY_MS)
      assert.deepEqual({ ...row }, { status: 503, verdict: 'allow' })
    }
  })

  stackTest(
    `MySQL ${how}: a running answer is shown and charged all the same`,
    async ({ plan }) => {
      const { client, account } = await signedIn(plan)
      const { id, events } = await startChat(client, 'standin: tokens=30 delay=20')
      await readFirstContent(events)
      await outage.begin()
      const last = (await rest(events)).at(-1)
      assert.deepEqual(last?.data, { finish_reason: 'stop', ending: 'done' })
      await outage.end()
      await recovered(plan, account)
      const row = await settledRow(plan, id)
      assert.equal(row.ending, 'done')
      assert.equal(row.completion_tokens, 30)
      assert.equal(row.estimated, 0)
    },
  )
}
