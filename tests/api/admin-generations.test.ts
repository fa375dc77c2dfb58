/** Administrators see the calls that run, and stop them, whichever worker runs them. */

import assert from 'node:assert/strict'
import { after } from 'node:test'
import type { GenerationView } from '#contract/admin.ts'
import type { Page } from '#contract/api.ts'
import { ADMIN_GENERATION_OPERATIONS } from '../../worker/src/routes/admin-generations.ts'
import { signedIn } from '../support/accounts.ts'
import { answered, recordsOf } from '../support/admin.ts'
import { only, readFirstContent, rest, startChat, wholeChat } from '../support/chat.ts'
import type { Client } from '../support/client.ts'
import { assertProblem } from '../support/problem.ts'
import { type SecondWorker, startSecondWorker } from '../support/second-worker.ts'
import { awaitEnd } from '../support/standin-journal.ts'
import { useStack } from '../support/test-stack.ts'
import { settledRow } from '../support/usage-rows.ts'
import { askAsGate } from '../worker/gate-request.ts'

const { stack, stackTest } = useStack()

let other: Promise<SecondWorker> | undefined

/** A second worker, started when it is first needed. */
function elsewhere(): Promise<SecondWorker> {
  other ??= startSecondWorker(stack().plan)
  return other
}

after(async () => (await other)?.end('SIGTERM'))

async function running(admin: Client, user: string): Promise<readonly GenerationView[]> {
  const answer = await admin.send(`/admin/api/generations?user=${user}`)
  const page = answered<Page<GenerationView>>(
    ...([ADMIN_GENERATION_OPERATIONS, 'listGenerations', answer, 200] as const),
  )
  return page.items
}

function kill(admin: Client, id: string) {
  return admin.send(`/admin/api/generations/${id}/stop`, { method: 'POST' })
}

stackTest('an answer is listed while it runs, and ends when it is stopped', async ({ plan }) => {
  const [{ client: admin }, { client, account }] = await Promise.all([
    signedIn(plan, 'admin'),
    signedIn(plan),
  ])
  assert.deepEqual(await running(admin, account.username), [])
  const { id, events } = await startChat(client, 'standin: stall=3 delay=5')
  const first = await readFirstContent(events)
  const [call, ...more] = await running(admin, account.username)
  assert.deepEqual(more, [])
  assert.ok(call)
  const { started_at, seconds, worker, conversation_id, ...facts } = call
  assert.deepEqual(facts, {
    ...{ id, user_id: account.id, username: account.username },
    ...{ model: 'deepseek-flash', key_alias: 'standin' },
  })
  assert.ok(Math.abs(Date.now() - Date.parse(started_at)) < 60_000 && seconds >= 0 && seconds < 60)
  assert.match(worker, /#/)
  assert.match(String(conversation_id), /^\d+$/)

  const answer = await kill(admin, id)
  answered(ADMIN_GENERATION_OPERATIONS, 'killGeneration', answer, 204)
  const all = [...first, ...(await rest(events))]
  assert.equal(only(all, 'done').data['ending'], 'stopped')
  assert.equal((await awaitEnd(plan, id)).ended, 'client_closed')
  assert.equal((await settledRow(plan, id)).ending, 'stopped')
  assert.deepEqual(await running(admin, account.username), [])
  const [record, ...others] = await recordsOf(admin, 'generation', id)
  assert.deepEqual(others, [])
  assert.deepEqual(
    [record?.action, record?.before, record?.after, record?.request_id],
    [
      'generation.stop',
      { user_id: account.id, username: account.username, model: 'deepseek-flash', worker },
      null,
      answer.headers['x-request-id'],
    ],
  )
})

stackTest('an answer of another worker is stopped as well', async ({ plan }) => {
  const { plan: copy } = await elsewhere()
  const [{ account: admin, client: watcher }, { client, account }] = await Promise.all([
    signedIn(plan, 'admin'),
    signedIn(plan),
  ])
  const { id, events } = await startChat(client, 'standin: stall=3 delay=5')
  const first = await readFirstContent(events)
  const path = `/admin/api/generations/${id}/stop`
  const identity = { uid: admin.id, role: 'admin' } as const
  const answer = await askAsGate(copy, { path, method: 'POST', identity })
  assert.equal(answer.status, 204, answer.text)
  const all = [...first, ...(await rest(events))]
  assert.equal(only(all, 'done').data['ending'], 'stopped')
  assert.equal((await settledRow(plan, id)).ending, 'stopped')
  assert.deepEqual(await running(watcher, account.id), [])
})

stackTest(
  'what has ended is left alone and unrecorded; what is none is not found',
  async ({ plan }) => {
    const [{ client: admin }, { client }] = await Promise.all([
      signedIn(plan, 'admin'),
      signedIn(plan),
    ])
    const { id } = await wholeChat(client, 'standin: tokens=2 delay=0')
    await settledRow(plan, id)
    assert.equal((await kill(admin, id)).status, 204)
    assert.deepEqual(await recordsOf(admin, 'generation', id), [])
    assert.equal((await settledRow(plan, id)).ending, 'done')
    for (const unknown of ['0'.repeat(32), 'x', `${id}0`]) {
      assertProblem(await kill(admin, unknown), 404, 'generation_not_found')
    }
  },
)

stackTest('running calls come page by page, the oldest first', async ({ plan }) => {
  const [{ client: admin }, { client, account }] = await Promise.all([
    signedIn(plan, 'admin'),
    signedIn(plan),
  ])
  const chats = []
  for (let n = 0; n < 3; n += 1) {
    const chat = await startChat(client, 'standin: stall=1 delay=1')
    await readFirstContent(chat.events)
    chats.push(chat)
  }
  const ids: string[] = []
  let cursor: string | null = ''
  while (cursor !== null) {
    const query: string = cursor === '' ? '' : `&cursor=${cursor}`
    const path = `/admin/api/generations?limit=2&user=${account.id}${query}`
    const page: Page<GenerationView> = (await admin.send(path)).json()
    assert.ok(page.items.length <= 2)
    ids.push(...page.items.map(({ id }) => id))
    cursor = page.next
  }
  assert.deepEqual(
    ids,
    chats.map(({ id }) => id),
  )
  await Promise.all(
    chats.map(async ({ id, events }) => {
      assert.equal((await kill(admin, id)).status, 204)
      await rest(events)
    }),
  )
})
