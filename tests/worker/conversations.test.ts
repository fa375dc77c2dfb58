/** The list of conversations, and one as a whole. */

import assert from 'node:assert/strict'
import type { ConversationView, Page } from '#contract/api.ts'
import { waitFor } from '../../scripts/stack/readiness.ts'
import { signedIn } from '../support/accounts.ts'
import { only, readFirstContent, rest, startChat, wholeChat } from '../support/chat.ts'
import {
  CONVERSATIONS,
  detailOf,
  listOf,
  plantConversation,
  plantEmpty,
  plantTexts,
} from '../support/conversations.ts'
import { assertProblem } from '../support/problem.ts'
import { sqlRows } from '../support/sql.ts'
import { awaitEnd } from '../support/standin-journal.ts'
import { useStack } from '../support/test-stack.ts'
import { settledRow } from '../support/usage-rows.ts'

const { stackTest } = useStack()

const titlesOf = ({ items }: Page<ConversationView>) => items.map(({ title }) => title)

stackTest(
  'a conversation can be made empty and takes its title from the first message',
  async ({ plan }) => {
    const { client } = await signedIn(plan)
    const made = await client.send(CONVERSATIONS, { body: {} })
    assert.equal(made.status, 201)
    const { id, title } = made.json<ConversationView>()
    assert.equal(title, '')
    const message = '你好，网关\nstandin: delay=0 text=Hi'
    const { events } = await wholeChat(client, message, { conversation_id: id })
    assert.equal(only(events, 'start').data['conversation_id'], id)
    assert.equal((await detailOf(client, id)).title, '你好，网关')
    const named = await client.send(CONVERSATIONS, { body: { title: ' Plans ' } })
    const plans = named.json<ConversationView>()
    assert.equal(plans.title, 'Plans')
    await wholeChat(client, message, { conversation_id: plans.id })
    assert.equal((await detailOf(client, plans.id)).title, 'Plans')
  },
)

stackTest(
  'the list runs from new to old and a turn brings its conversation up',
  async ({ plan }) => {
    const { client } = await signedIn(plan)
    for (const title of ['one', 'two', 'three']) {
      await client.send(CONVERSATIONS, { body: { title } })
    }
    assert.deepEqual(titlesOf(await listOf(client)), ['three', 'two', 'one'])
    const one = (await listOf(client)).items.at(-1)
    const renamed = await client.send(`${CONVERSATIONS}/${one?.id}`, {
      method: 'PATCH',
      body: { title: 'uno' },
    })
    assert.equal(renamed.status, 204)
    assert.deepEqual(titlesOf(await listOf(client)), ['three', 'two', 'uno'])
    await wholeChat(client, 'standin: delay=0 text=Hi', { conversation_id: one?.id ?? '' })
    assert.deepEqual(titlesOf(await listOf(client)), ['uno', 'three', 'two'])
  },
)

stackTest('pages follow each other without gap or repetition', async ({ plan }) => {
  const { client, account } = await signedIn(plan)
  const began = Date.UTC(2026, 9, 1)
  const ids: string[] = []
  for (let index = 0; index < 7; index += 1) {
    // The middle three at the same time.
    const at = new Date(began + (index >= 2 && index <= 4 ? 3 : index) * 1000)
    ids.unshift((await plantConversation(plan, account, [], at)).id)
  }
  const seen: string[] = []
  let cursor: string | null = ''
  while (cursor !== null) {
    const page: Page<ConversationView> = await listOf(
      client,
      `?limit=3${cursor && `&cursor=${cursor}`}`,
    )
    seen.push(...page.items.map(({ id }) => id))
    cursor = page.next
    // What begins meanwhile does not move the pages that follow.
    await plantConversation(plan, account, [])
  }
  assert.deepEqual(seen, ids)
})

stackTest('a running answer is the active generation until it has ended', async ({ plan }) => {
  const { client } = await signedIn(plan)
  const { id, events } = await startChat(client, 'standin: stall=1 delay=0')
  const conversation = String(only(await readFirstContent(events), 'start').data['conversation_id'])
  assert.equal((await detailOf(client, conversation)).active_generation, id)
  await client.send(`/api/chat/${id}/stop`, { method: 'POST' })
  await rest(events)
  assert.equal((await detailOf(client, conversation)).active_generation, null)
})

stackTest(
  'a deleted conversation is gone at once, and its rows soon after; bills stay',
  async ({ plan }) => {
    const { client, account } = await signedIn(plan)
    const { id } = await plantConversation(plan, account, Array(1200).fill('to be removed'))
    await plantTexts(plan, account, id)
    const { id: request } = await wholeChat(client, 'standin: delay=0', { conversation_id: id })
    assert.equal((await client.send(`${CONVERSATIONS}/${id}`, { method: 'DELETE' })).status, 204)
    for (const [method, path, body] of [
      ['GET', '', undefined],
      ['GET', '/messages', undefined],
      ['GET', '/export', undefined],
      ['DELETE', '', undefined],
      ['PATCH', '', { title: 'x' }],
    ] as const) {
      const answer = await client.send(`${CONVERSATIONS}/${id}${path}`, { method, body })
      assertProblem(answer, 404, 'conversation_not_found')
    }
    for (const parent_id of [undefined, null]) {
      const body = { message: 'x', conversation_id: id, ...(parent_id === null && { parent_id }) }
      assertProblem(await client.send('/api/chat', { body }), 404, 'conversation_not_found')
    }
    assert.deepEqual((await listOf(client)).items, [])
    await waitFor(async () => {
      for (const [table, column] of [
        ['messages', 'conversation_id'],
        ['conversation_texts', 'conversation_id'],
        ['conversations', 'id'],
      ]) {
        const rows = await sqlRows(plan, `SELECT 1 FROM ${table} WHERE ${column} = ? LIMIT 1`, [id])
        if (rows.length > 0) throw new Error(`there are still ${table}`)
      }
    }, 10_000)
    const bill = 'SELECT state, conversation_id FROM token_usage WHERE request_id = ?'
    const [row] = await sqlRows(plan, bill, [request])
    assert.deepEqual({ ...row }, { state: 'settled', conversation_id: null })
  },
)

stackTest('an answer goes on when its conversation is deleted, and is billed', async ({ plan }) => {
  const { client } = await signedIn(plan)
  const { id, events } = await startChat(client, 'standin: tokens=30 delay=20')
  const first = await readFirstContent(events)
  const conversation = String(only(first, 'start').data['conversation_id'])
  const gone = await client.send(`${CONVERSATIONS}/${conversation}`, { method: 'DELETE' })
  assert.equal(gone.status, 204)
  assert.equal((await rest(events)).at(-1)?.event, 'done')
  assert.equal((await awaitEnd(plan, id)).ended, 'complete')
  const row = await settledRow(plan, id)
  assert.deepEqual([row.ending, row.completion_tokens], ['done', 30])
  const messages = 'SELECT 1 FROM messages WHERE conversation_id = ?'
  await waitFor(
    async () => assert.deepEqual(await sqlRows(plan, messages, [conversation]), []),
    10_000,
  )
  const texts = 'SELECT 1 FROM conversation_texts WHERE conversation_id = ?'
  assert.deepEqual(await sqlRows(plan, texts, [conversation]), [])
})

stackTest('titles given at once to new conversations are all kept', async ({ plan }) => {
  const { client, account } = await signedIn(plan, 'user', 'api=2000')
  const many = 60
  const made = await Promise.all(
    Array.from({ length: many }, (_, index) =>
      client.send(CONVERSATIONS, { body: { title: `made ${index}` } }),
    ),
  )
  assert.deepEqual(
    made.map(({ status }) => status),
    Array(many).fill(201),
  )
  await plantEmpty(plan, account, many)
  const { items } = await listOf(client, '?limit=200')
  const renamed = await Promise.all(
    items.map(({ id }) =>
      client.send(`${CONVERSATIONS}/${id}`, { method: 'PATCH', body: { title: 'renamed' } }),
    ),
  )
  assert.deepEqual(
    renamed.map(({ status }) => status),
    Array(2 * many).fill(204),
  )
  const texts = 'SELECT body FROM conversation_texts WHERE user_id = ?'
  const rows = await sqlRows(plan, texts, [account.id])
  assert.deepEqual(
    rows.map(({ body }) => body),
    Array(2 * many).fill('renamed'),
  )
})

stackTest("nobody sees, changes or deletes another's conversation", async ({ plan }) => {
  const [owner, other] = await Promise.all([signedIn(plan), signedIn(plan, 'admin')])
  const { id } = await plantConversation(plan, owner.account, ['mine', 'yours'])
  for (const [method, path, body] of [
    ['GET', '', undefined],
    ['GET', '/messages', undefined],
    ['GET', '/export?format=markdown', undefined],
    ['PATCH', '', { title: 'taken' }],
    ['DELETE', '', undefined],
  ] as const) {
    const answer = await other.client.send(`${CONVERSATIONS}/${id}${path}`, { method, body })
    assertProblem(answer, 404, 'conversation_not_found')
  }
  assert.deepEqual((await listOf(other.client)).items, [])
  assert.equal((await detailOf(owner.client, id)).title, 'planted')
})

stackTest('what is no id is no conversation', async ({ plan }) => {
  const { client } = await signedIn(plan)
  for (const id of ['0', '-1', '1e3', '01', 'x', "1'--", '9'.repeat(20), '1.0', '9'.repeat(400)]) {
    assertProblem(await client.send(`${CONVERSATIONS}/${id}`), 404, 'conversation_not_found')
  }
})

stackTest('wrong bodies and parameters are refused by name', async ({ plan }) => {
  const { client, account } = await signedIn(plan)
  const { id } = await plantConversation(plan, account, ['a', 'b'])
  for (const [body, field] of [
    [{ title: '' }, 'title'],
    [{ title: '   ' }, 'title'],
    [{ title: 7 }, 'title'],
    [{ title: 'x'.repeat(201) }, 'title'],
    [{ title: 'a\u0000b' }, 'title'],
    [{ title: 'two\nlines' }, 'title'],
    [{ title: 'half \ud83d' }, 'title'],
    [{ title: 'x', more: 1 }, 'more'],
    [[], ''],
  ] as const) {
    for (const [method, path] of [
      ['POST', CONVERSATIONS],
      ['PATCH', `${CONVERSATIONS}/${id}`],
    ] as const) {
      const answer = await client.send(path, { method, body })
      const { errors } = assertProblem(answer, 400, 'invalid_request')
      assert.deepEqual(
        errors?.map((error) => error.field),
        [field],
        JSON.stringify(body),
      )
    }
  }
  for (const path of [
    '?limit=0',
    '?limit=201',
    '?cursor=x',
    '?page=2',
    `/${id}/messages?limit=x`,
    `/${id}/messages?limit=51`,
    `/${id}/messages?leaf=0`,
    `/${id}/messages?leaf=1&below=1`,
    `/${id}/messages?cursor=AAAAAAAAAAAAAAAA`,
    `/${id}/export?format=pdf`,
    '/search',
    '/search?q=',
    '/search?q=%20%00',
    `/search?q=${'x'.repeat(201)}`,
    '/search?q=a&q=b',
    '/search?q=a&cursor=x',
  ]) {
    assertProblem(await client.send(`${CONVERSATIONS}${path}`), 400, 'invalid_request')
  }
  const longest = '界'.repeat(200)
  const renamed = await client.send(`${CONVERSATIONS}/${id}`, {
    method: 'PATCH',
    body: { title: longest },
  })
  assert.equal(renamed.status, 204, renamed.text)
  assert.equal((await detailOf(client, id)).title, longest)
})

stackTest('a cursor of one list is none of another', async ({ plan }) => {
  const { client, account } = await signedIn(plan)
  const one = await plantConversation(plan, account, ['a', 'b', 'c'])
  const two = await plantConversation(plan, account, ['d', 'e', 'f'])
  const list = (await listOf(client, '?limit=1')).next
  const path = `${CONVERSATIONS}/${one.id}/messages`
  const page = (await client.send(`${path}?limit=1`)).json<Page<unknown>>().next
  assert.ok(list !== null && page !== null)
  for (const wrong of [
    `${path}?cursor=${list}`,
    `${CONVERSATIONS}/${two.id}/messages?cursor=${page}`,
    `${CONVERSATIONS}?cursor=${page}`,
    `${CONVERSATIONS}/search?q=a&cursor=${page}`,
  ]) {
    assertProblem(await client.send(wrong), 400, 'invalid_request')
  }
})
