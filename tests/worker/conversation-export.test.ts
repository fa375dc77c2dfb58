/** Conversations as files. */

import assert from 'node:assert/strict'
import type { ConversationView, MessageView } from '#contract/api.ts'
import { createConversationMessages } from '../../worker/src/stores/conversation-messages.ts'
import { createDatabase } from '../../worker/src/stores/mysql.ts'
import { signedIn } from '../support/accounts.ts'
import { only, wholeChat } from '../support/chat.ts'
import type { Client } from '../support/client.ts'
import { CONVERSATIONS, messagesOf, plantConversation } from '../support/conversations.ts'
import { useStack } from '../support/test-stack.ts'

const { stackTest } = useStack()

interface Exported {
  readonly conversation: ConversationView
  readonly messages: readonly Omit<MessageView, 'siblings'>[]
}

async function file(client: Client, id: string, query = '', lang = 'en') {
  const answer = await client.send(`${CONVERSATIONS}/${id}/export${query}`, {
    headers: { 'Accept-Language': lang },
  })
  assert.equal(answer.status, 200, answer.text)
  const { headers } = answer
  assert.equal(headers['cache-control'], 'no-store')
  assert.equal(headers['x-content-type-options'], 'nosniff')
  return {
    text: answer.text,
    type: headers['content-type'],
    disposition: String(headers['content-disposition']),
  }
}

stackTest('JSON has all branches, Markdown the newest', async ({ plan }) => {
  const { client } = await signedIn(plan)
  const one = await wholeChat(client, 'standin: delay=0 text="**One** 一"')
  const start = only(one.events, 'start').data
  const conversation_id = String(start['conversation_id'])
  const parent_id = String(start['user_message_id'])
  const again = await client.send('/api/chat', {
    body: { regenerate: true, conversation_id, parent_id, thinking: true, stream: false },
  })
  assert.equal(again.status, 200, again.text)
  const json = await file(client, conversation_id, '?format=json')
  assert.match(String(json.type), /^application\/json\b/)
  const { conversation, messages }: Exported = JSON.parse(json.text)
  assert.equal(conversation.id, conversation_id)
  assert.deepEqual(
    messages.map(({ id, parent_id: parent }) => [id, parent]),
    [
      [start['user_message_id'], null],
      [start['message_id'], start['user_message_id']],
      [again.json()['message_id'], start['user_message_id']],
    ],
  )
  const shown = (await messagesOf(client, conversation_id)).items.at(-1)
  const { siblings, ...newest } = shown ?? assert.fail('no message')
  assert.equal(siblings.position, 1)
  assert.deepEqual(messages.at(-1), newest)
  const markdown = await file(client, conversation_id, '?format=markdown', 'zh-CN')
  assert.equal(markdown.type, 'text/markdown; charset=utf-8')
  assert.match(markdown.text, /^# standin: delay=0 text="\*\*One\*\* 一"\n/)
  assert.deepEqual(markdown.text.match(/^## .*/gm), ['## 用户', '## 助手'])
  assert.match(markdown.text, /\n\*\*One\*\* 一\n/)
})

stackTest('the file is named after the title', async ({ plan }) => {
  const { client } = await signedIn(plan)
  const made = await client.send(CONVERSATIONS, { body: { title: '限流 "a/b"' } })
  const id = String(made.json()['id'])
  const { disposition, text } = await file(client, id)
  assert.equal(
    disposition,
    `attachment; filename="conversation-${id}.json"; filename*=UTF-8''%E9%99%90%E6%B5%81%20a%20b.json`,
  )
  assert.deepEqual(JSON.parse(text).messages, [])
  assert.match((await file(client, id, '?format=markdown')).text, /^# 限流 "a\/b"\n/)
})

stackTest('a long conversation is whole in both', async ({ plan }) => {
  const { client, account } = await signedIn(plan)
  const texts = Array.from({ length: 2500 }, (_, index) => `<${index}> ${'界'.repeat(300)}`)
  const { id, messages } = await plantConversation(plan, account, texts)
  const json: Exported = JSON.parse((await file(client, id)).text)
  assert.deepEqual(
    json.messages.map((message) => message.id),
    messages,
  )
  const markdown = await file(client, id, '?format=markdown')
  const numbers = [...markdown.text.matchAll(/^<(\d+)> /gm)].map(([, number]) => Number(number))
  assert.deepEqual(numbers, [...texts.keys()])
})

stackTest('long messages are read a few at a time, and one by one at worst', async ({ plan }) => {
  const { client, account } = await signedIn(plan)
  const texts = [400, 400, 400, 3000, 2000, 0, 10].map(
    (thousands, index) => `<${index}> ${'x'.repeat(thousands * 1000)}`,
  )
  const { id, messages } = await plantConversation(plan, account, texts)
  const db = createDatabase(plan.worker.mysql)
  try {
    const store = createConversationMessages(db)
    const all = await store.all(id, '0', 20)
    const fromLong = await store.all(id, messages[2] ?? '', 20)
    const first = await store.firstOf(messages)
    const firstLong = await store.firstOf(messages.slice(3))
    const idsOf = (found: readonly { id: string }[]) => found.map((message) => message.id)
    assert.deepEqual(idsOf(all), messages.slice(0, 2))
    assert.deepEqual(idsOf(first), messages.slice(0, 2))
    assert.deepEqual(idsOf(fromLong), messages.slice(3, 4))
    assert.deepEqual(idsOf(firstLong), messages.slice(3, 4))
  } finally {
    await db.close()
  }
  const json: Exported = JSON.parse((await file(client, id)).text)
  assert.deepEqual(
    json.messages.map(({ content }) => content),
    texts,
  )
  const markdown = await file(client, id, '?format=markdown')
  const numbers = [...markdown.text.matchAll(/^<(\d+)> /gm)].map(([, number]) => Number(number))
  assert.deepEqual(numbers, [...texts.keys()])
})

stackTest('a reader who leaves in the middle disturbs nothing', async ({ plan }) => {
  const { client, account } = await signedIn(plan)
  const { id } = await plantConversation(plan, account, Array(2000).fill('x'.repeat(3000)))
  const response = await client.open(`${CONVERSATIONS}/${id}/export`)
  assert.equal(response.statusCode, 200)
  await response[Symbol.asyncIterator]().next()
  response.destroy()
  assert.equal((await file(client, id, '?format=markdown')).text.length > 6_000_000, true)
})
