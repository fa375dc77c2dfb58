import assert from 'node:assert/strict'
import { signedIn } from '../support/accounts.ts'
import { only, wholeChat } from '../support/chat.ts'
import type { StreamEvent } from '../support/chat-stream.ts'
import { sqlRows } from '../support/sql.ts'
import { awaitEnd, recordedCalls } from '../support/standin-journal.ts'
import { useStack } from '../support/test-stack.ts'
import { usageRows } from '../support/usage-rows.ts'

const { stackTest } = useStack()

function conversationOf(events: readonly StreamEvent[]): string {
  return String(only(events, 'start').data['conversation_id'])
}

stackTest('the model sees the earlier turns, in order and without thoughts', async ({ plan }) => {
  const { client } = await signedIn(plan)
  const questions = ['text=One', 'text=Two', 'text=Three'].map(
    (text) => `standin: reasoning=3 delay=0 ${text}`,
  )
  const [first = '', second = '', third = ''] = questions
  const opening = await wholeChat(client, first, { thinking: true })
  const conversation_id = conversationOf(opening.events)
  const next = await wholeChat(client, second, { conversation_id, thinking: true })
  assert.equal(conversationOf(next.events), conversation_id)
  const last = await wholeChat(client, third, { conversation_id })
  assert.deepEqual((await awaitEnd(plan, last.id)).body['messages'], [
    { role: 'user', content: first },
    { role: 'assistant', content: 'One' },
    { role: 'user', content: second },
    { role: 'assistant', content: 'Two' },
    { role: 'user', content: third },
  ])
})

stackTest('a chat without conversation begins a new one', async ({ plan }) => {
  const { client } = await signedIn(plan)
  const script = 'standin: delay=0 text=One'
  const one = await wholeChat(client, script)
  const two = await wholeChat(client, script)
  assert.notEqual(conversationOf(one.events), conversationOf(two.events))
  assert.deepEqual((await awaitEnd(plan, two.id)).body['messages'], [
    { role: 'user', content: script },
  ])
})

stackTest('a turn that failed is not shown to the model again', async ({ plan }) => {
  const { client } = await signedIn(plan)
  const good = 'standin: delay=0 text=Good'
  const { events } = await wholeChat(client, good)
  const conversation_id = conversationOf(events)
  const failed = await wholeChat(client, 'standin: status=500', { conversation_id })
  assert.equal(failed.events.at(-1)?.event, 'error')
  const { id } = await wholeChat(client, 'standin: delay=0 text=Next', { conversation_id })
  assert.deepEqual((await awaitEnd(plan, id)).body['messages'], [
    { role: 'user', content: good },
    { role: 'assistant', content: 'Good' },
    { role: 'user', content: 'standin: delay=0 text=Next' },
  ])
})

stackTest("somebody else's conversation does not exist", async ({ plan }) => {
  const [owner, other] = await Promise.all([signedIn(plan), signedIn(plan, 'admin')])
  const { events } = await wholeChat(owner.client, 'standin: delay=0 text=Mine')
  for (const conversation_id of [conversationOf(events), '999999999999']) {
    const answer = await other.client.send('/api/chat', {
      body: { message: 'And then?', conversation_id },
    })
    assert.equal(answer.status, 404)
    assert.equal(answer.json()['code'], 'conversation_not_found')
    const id = String(answer.headers['x-request-id'])
    assert.deepEqual(await usageRows(plan, id), [])
    assert.deepEqual(await recordedCalls(plan, id), [])
  }
})

stackTest('question and answer are stored under the ids that were told', async ({ plan }) => {
  const { client, account } = await signedIn(plan)
  const message = 'standin: delay=0 text="Grüße 🌍"'
  const { events } = await wholeChat(client, message)
  const told = only(events, 'start').data
  const rows = await sqlRows(
    plan,
    `SELECT m.id, m.parent_id, m.role, m.content, m.state, c.user_id FROM messages m
     JOIN conversations c ON c.id = m.conversation_id WHERE c.id = ? ORDER BY m.id`,
    [String(told['conversation_id'])],
  )
  const question = { role: 'user', content: message, state: 'done' }
  const answer = { role: 'assistant', content: 'Grüße 🌍', state: 'done' }
  const [user_id, asked, answered] = [account.id, told['user_message_id'], told['message_id']]
  assert.deepEqual(rows.map(withTextIds), [
    { id: asked, parent_id: 'null', ...question, user_id },
    { id: answered, parent_id: asked, ...answer, user_id },
  ])
})

/** mysql2 gives small BIGINT as numbers to prepared statements. */
function withTextIds(row: Record<string, unknown>): Record<string, unknown> {
  const ids = ['id', 'parent_id', 'user_id'].map((name) => [name, String(row[name])])
  return { ...row, ...Object.fromEntries(ids) }
}

stackTest('an account is known to the model provider by an opaque name only', async ({ plan }) => {
  const [one, two] = await Promise.all([signedIn(plan), signedIn(plan)])
  const nameOf = async ({ client }: typeof one) => {
    const { id } = await wholeChat(client, 'standin: tokens=1 delay=0')
    return String((await awaitEnd(plan, id)).body['user_id'])
  }
  const [name, again, another] = [await nameOf(one), await nameOf(one), await nameOf(two)]
  assert.equal(name, again)
  assert.notEqual(name, another)
  assert.ok(!name.includes(one.account.username) && name.length >= 16, name)
})
