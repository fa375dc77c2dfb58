/** Redis dead or frozen: a clear refusal in time, nobody let in, and everything back by itself. */

import assert from 'node:assert/strict'
import { after } from 'node:test'
import type { Plan } from '../../scripts/stack/plan.ts'
import { waitFor } from '../../scripts/stack/readiness.ts'
import { signedIn } from '../support/accounts.ts'
import { readFirstContent, rest, startChat, wholeChat } from '../support/chat.ts'
import { type Answer, Client } from '../support/client.ts'
import { type OutsideServer, outsideRedis } from '../support/outside-server.ts'
import { ROOMY } from '../support/own-stack.ts'
import { partOf } from '../support/processes.ts'
import { away, PROVOKES } from '../support/redis-outage.ts'
import { awaitRows } from '../support/sql.ts'
import { useStack } from '../support/test-stack.ts'
import { timed } from '../support/timed.ts'

let redis: OutsideServer
const { stackTest } = useStack(async () => {
  redis = await outsideRedis()
  return { ...ROOMY, ...redis.settings }
})
after(() => redis?.remove())

/** How long a refusal may take, and how long the way back, ms. */
const REFUSAL_MS = 1000
const RECOVERY_MS = 10_000

const SCRIPT = 'standin: tokens=1 delay=0'

const OUTAGES: Readonly<Record<string, { begin(): Promise<void>; end(): Promise<void> }>> = {
  killed: { begin: () => redis.kill(), end: () => redis.start() },
  frozen: { begin: async () => redis.freeze(), end: async () => redis.thaw() },
}

function assertRefused({ value, ms }: { value: Answer; ms: number }, what: string): void {
  assert.ok(ms < REFUSAL_MS, `${what} took ${ms} ms`)
  assert.equal(value.status, 503, `${what}: ${value.text}`)
  assert.match(String(value.headers['retry-after']), /^[1-9]\d?$/, what)
}

/** Resolves when the old session is good again and new ones can be made. */
async function recovered(plan: Plan, client: Client): Promise<void> {
  await waitFor(async () => {
    const { status } = await client.send('/api/me')
    if (status !== 200) throw new Error(`GET /api/me still answers ${status}`)
    await signedIn(plan)
  }, RECOVERY_MS)
}

for (const [how, outage] of Object.entries(OUTAGES)) {
  stackTest(
    `Redis ${how}: APIs and pages are refused within a second and come back`,
    async ({ plan }) => {
      // Sessions that nginx has not seen yet: it cannot know them without Redis.
      const { client, account } = await signedIn(plan, 'admin')
      const parts = ['nginx', 'worker'].map((name) => partOf(plan, name))
      await outage.begin()
      const asks: Readonly<Record<string, () => Promise<Answer>>> = {
        'GET /api/me': () => client.send('/api/me'),
        'POST /api/chat': () => client.send('/api/chat', { body: { message: SCRIPT } }),
        'GET /admin/api/keys': () => client.send('/admin/api/keys'),
        // It asks Redis twice more in the worker, so a second is enough only when nginx asks no more.
        'POST /login': () => new Client(plan).signIn(account.username, account.password),
      }
      const refused: Answer[] = []
      for (const [what, ask] of Object.entries(asks)) {
        if (what === 'POST /login') await away(plan)
        const answer = await timed(ask())
        assertRefused(answer, what)
        assert.equal(answer.value.json()['code'], 'session_store_unavailable', what)
        assert.equal(answer.value.headers['set-cookie'], undefined, what)
        refused.push(answer.value)
      }
      const page = await timed(client.send('/chat', { headers: { Accept: 'text/html' } }))
      assertRefused(page, 'GET /chat')
      assert.match(String(page.value.headers['content-type']), /^text\/html/)
      const crowd = Array.from({ length: 40 }, () => timed(client.send('/api/me')))
      for (const answer of await Promise.all(crowd)) assertRefused(answer, 'one of many')

      await outage.end()
      await recovered(plan, client)
      assert.equal((await wholeChat(client, SCRIPT)).events.at(-1)?.event, 'done')
      assert.deepEqual(
        ['nginx', 'worker'].map((name) => partOf(plan, name)),
        parts,
        'a program has ended',
      )
      for (const { headers } of [...refused, page.value]) {
        const id = String(headers['x-request-id'])
        const query = 'SELECT status, verdict FROM proxy_logs WHERE request_id = ?'
        const [row] = await awaitRows(plan, query, [id])
        assert.equal(row?.['status'], 503)
      }
    },
    { provokes: PROVOKES },
  )

  stackTest(
    `Redis ${how}: what needs no session goes on, and nobody is let in`,
    async ({ plan }) => {
      const { client } = await signedIn(plan)
      const visitor = new Client(plan)
      const forger = new Client(plan)
      const [[name = '', value = ''] = []] = client.cookies
      forger.cookies.set(
        name,
        value.replace(/.$/, (last) => (last === 'A' ? 'B' : 'A')),
      )
      await outage.begin()
      assert.equal((await visitor.send('/login')).status, 200)
      assert.equal((await visitor.send('/healthz')).status, 200)
      for (const nobody of [visitor, forger]) {
        assert.equal((await nobody.send('/api/me')).status, 401)
        assert.equal((await nobody.send('/chat')).status, 302)
      }
      await outage.end()
      await recovered(plan, client)
    },
    { provokes: PROVOKES },
  )

  stackTest(
    `Redis ${how}: a running answer comes to its end`,
    async ({ plan }) => {
      const { client } = await signedIn(plan)
      const { events } = await startChat(client, 'standin: tokens=40 delay=20')
      await readFirstContent(events)
      await outage.begin()
      const last = (await rest(events)).at(-1)
      await outage.end()
      assert.deepEqual(last?.data, { finish_reason: 'stop', ending: 'done' })
      await recovered(plan, client)
    },
    { provokes: PROVOKES },
  )
}
