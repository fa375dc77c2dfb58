/** The list of model calls, newest first, page by page. */

import assert from 'node:assert/strict'
import type { Page, UsageRecord } from '#contract/api.ts'
import type { Plan } from '../../scripts/stack/plan.ts'
import { type Account, signedIn } from '../support/accounts.ts'
import { only, readFirstContent, rest, startChat, wholeChat } from '../support/chat.ts'
import type { Client } from '../support/client.ts'
import { awaitRows } from '../support/sql.ts'
import { useStack } from '../support/test-stack.ts'
import { addPastCall } from '../support/usage-fixture.ts'

const { stackTest } = useStack()

const OWN = '/api/usage/records'
const ALL = '/admin/api/usage/records'

async function records(client: Client, path = OWN): Promise<Page<UsageRecord>> {
  const answer = await client.send(path)
  assert.equal(answer.status, 200, answer.text)
  return answer.json<Page<UsageRecord>>()
}

/** Adds calls a second apart, but for the middle three, which began at once; newest first. */
async function addCalls(plan: Plan, account: Account, count: number): Promise<readonly string[]> {
  const began = Date.UTC(2026, 9, 1)
  const ids: string[] = []
  for (let index = 0; index < count; index++) {
    const second = index >= 2 && index <= 4 ? 3 : index
    const startedAt = new Date(began + second * 1000)
    const call = { startedAt, promptTokens: 1, completionTokens: index, cost: '0.5' }
    ids.unshift(await addPastCall(plan, account, call))
  }
  return ids
}

const idsOf = ({ items }: Page<UsageRecord>) => items.map(({ request_id }) => request_id)

stackTest('a record tells what the answer told', async ({ plan }) => {
  const { client, account } = await signedIn(plan)
  const script = 'standin: tokens=6 reasoning=2 delay=1'
  const { id, events } = await wholeChat(client, script, { thinking: true })
  const page = await records(client)
  assert.equal(page.next, null)
  const [record, ...others] = page.items
  assert.deepEqual(others, [])
  const { started_at, cost, ...told } = record ?? assert.fail('no record')
  const { cost: toldCost, ...usage } = only(events, 'usage').data
  assert.equal(Number(cost), Number(toldCost))
  assert.ok(Math.abs(Date.parse(started_at) - Date.now()) < 60_000, started_at)
  assert.deepEqual(told, {
    ...usage,
    request_id: id,
    username: account.username,
    model_requested: 'deepseek-flash',
    ending: 'done',
    finish_reason: 'stop',
    key_alias: null,
    token_id: null,
  })
})

stackTest('a running call is in the list as open', async ({ plan }) => {
  const { client } = await signedIn(plan)
  const { id, events } = await startChat(client, 'standin: stall=1 delay=0')
  await readFirstContent(events)
  const [record] = (await records(client)).items
  assert.deepEqual([record?.request_id, record?.ending], [id, 'open'])
  await client.send(`/api/chat/${id}/stop`, { method: 'POST' })
  await rest(events)
})

stackTest('pages follow each other without gap or repetition', async ({ plan }) => {
  const { client, account } = await signedIn(plan)
  const ids = await addCalls(plan, account, 7)
  const first = await records(client, `${OWN}?limit=3`)
  // A call that begins meanwhile must not move the pages that follow.
  await addPastCall(plan, account, {
    startedAt: new Date(),
    promptTokens: 1,
    completionTokens: 1,
    cost: '0',
  })
  const second = await records(client, `${OWN}?limit=3&cursor=${first.next}`)
  const third = await records(client, `${OWN}?limit=3&cursor=${second.next}`)
  assert.deepEqual([first, second, third].map(idsOf), [
    ids.slice(0, 3),
    ids.slice(3, 6),
    ids.slice(6),
  ])
  assert.equal(third.next, null)
})

stackTest('a page that just holds the rest is the last', async ({ plan }) => {
  const { client, account } = await signedIn(plan)
  const ids = await addCalls(plan, account, 3)
  const page = await records(client, `${OWN}?limit=3`)
  assert.deepEqual(idsOf(page), ids)
  assert.equal(page.next, null)
})

stackTest("only one's own calls are listed, with whatever cursor", async ({ plan }) => {
  const [one, two] = await Promise.all([signedIn(plan), signedIn(plan)])
  await addCalls(plan, one.account, 5)
  const own = await addCalls(plan, two.account, 1)
  const { next } = await records(one.client, `${OWN}?limit=1`)
  assert.deepEqual(idsOf(await records(two.client)), own)
  assert.deepEqual(idsOf(await records(two.client, `${OWN}?cursor=${next}`)), own)
  assert.equal((await one.client.send(ALL)).status, 403)
  const asUser = await two.client.send(`${OWN}?user=${one.account.username}`)
  assert.equal(asUser.status, 400, 'a filter that is not there must not be ignored')
})

stackTest('admins see all calls, also by name or id, with the key', async ({ plan }) => {
  const [one, two, admin] = await Promise.all([
    signedIn(plan),
    signedIn(plan),
    signedIn(plan, 'admin'),
  ])
  const [from, to] = [0, 60_000].map((ms) => new Date(Date.now() + ms).toISOString())
  const first = await wholeChat(one.client, 'standin: tokens=1 delay=0')
  const second = await wholeChat(two.client, 'standin: tokens=1 delay=0')
  // Other tests plant calls of other times.
  const all = await records(admin.client, `${ALL}?limit=2&from=${from}&to=${to}`)
  assert.deepEqual(idsOf(all), [second.id, first.id])
  assert.deepEqual(
    all.items.map(({ username, key_alias }) => [username, key_alias]),
    [two, one].map(({ account }) => [account.username, 'standin']),
  )
  for (const user of [one.account.username.toUpperCase(), one.account.id]) {
    assert.deepEqual(idsOf(await records(admin.client, `${ALL}?user=${user}`)), [first.id], user)
  }
  assert.deepEqual(idsOf(await records(admin.client, `${ALL}?user=nobody-has-this-name`)), [])
})

stackTest('a cursor that we did not make is refused', async ({ plan }) => {
  const { client, account } = await signedIn(plan, 'admin')
  await addCalls(plan, account, 2)
  const { next } = await records(client, `${OWN}?limit=1`)
  const cursor = next ?? assert.fail('there is only one page')
  const bytes = Buffer.from(cursor, 'base64url')
  const tampered = [...bytes.keys()].map((at) => {
    const copy = Buffer.from(bytes)
    copy[at] = (copy[at] ?? 0) ^ 1
    return copy.toString('base64url')
  })
  await awaitRows(plan, 'SELECT request_id FROM proxy_logs LIMIT 1 OFFSET 1')
  const foreign = (await client.send('/admin/api/logs?limit=1')).json<Page<unknown>>().next
  assert.notEqual(foreign, null)
  const garbage = ['', 'x', `${cursor}=`, `${cursor}A`, cursor.slice(0, -2), "1'--"]
  for (const wrong of [...tampered, ...garbage, String(foreign)]) {
    const answer = await client.send(`${OWN}?cursor=${encodeURIComponent(wrong)}`)
    assert.equal(answer.status, 400, wrong)
    assert.equal(answer.json()['code'], 'invalid_request')
  }
})

stackTest('a limit that makes no sense is refused', async ({ plan }) => {
  const { client } = await signedIn(plan)
  for (const query of [
    'limit=0',
    'limit=201',
    'limit=-1',
    'limit=ten',
    'limit=1&limit=2',
    'page=2',
  ]) {
    const answer = await client.send(`${OWN}?${query}`)
    assert.equal(answer.status, 400, query)
    assert.equal(answer.json()['code'], 'invalid_request')
  }
})
