/** Edited questions, answers made anew, and reading the tree that comes of it. */

import assert from 'node:assert/strict'
import { signedIn } from '../support/accounts.ts'
import { only, readFirstContent, rest, startChat, wholeChat } from '../support/chat.ts'
import {
  CONVERSATIONS,
  detailOf,
  idsOf,
  messagesOf,
  plantConversation,
  say,
  takeTurn,
  textsOf,
} from '../support/conversations.ts'
import { assertProblem } from '../support/problem.ts'
import { awaitEnd } from '../support/standin-journal.ts'
import { useStack } from '../support/test-stack.ts'
import { usageRows } from '../support/usage-rows.ts'

const { stackTest } = useStack()

stackTest('an edited question is another child of the same parent', async ({ plan }) => {
  const { client } = await signedIn(plan)
  const one = await takeTurn(client, { message: say('One') })
  const conversation_id = one.conversation
  const two = await takeTurn(client, { message: say('Two'), conversation_id })
  const edited = await takeTurn(client, {
    message: say('Deux'),
    conversation_id,
    parent_id: one.answer,
  })
  assert.deepEqual((await awaitEnd(plan, edited.id)).body['messages'], [
    { role: 'user', content: say('One') },
    { role: 'assistant', content: 'One' },
    { role: 'user', content: say('Deux') },
  ])
  const page = await messagesOf(client, conversation_id)
  assert.deepEqual(textsOf(page), [say('One'), 'One', say('Deux'), 'Deux'])
  assert.deepEqual(page.items[2]?.siblings, { ids: [two.question, edited.question], position: 1 })
  assert.deepEqual(page.items[3]?.siblings, { ids: [edited.answer], position: 0 })
  const other = await messagesOf(client, conversation_id, `?leaf=${two.answer}`)
  assert.deepEqual(textsOf(other), [say('One'), 'One', say('Two'), 'Two'])
  assert.deepEqual(other.items[2]?.siblings, { ids: [two.question, edited.question], position: 0 })
})

stackTest('the first question can be edited too', async ({ plan }) => {
  const { client } = await signedIn(plan)
  const one = await takeTurn(client, { message: say('One') })
  const conversation_id = one.conversation
  const other = await takeTurn(client, { message: say('Uno'), conversation_id, parent_id: null })
  assert.equal(other.conversation, one.conversation)
  const { body } = await awaitEnd(plan, other.id)
  assert.deepEqual(body['messages'], [{ role: 'user', content: say('Uno') }])
  const page = await messagesOf(client, conversation_id)
  assert.deepEqual(textsOf(page), [say('Uno'), 'Uno'])
  assert.deepEqual(page.items[0]?.siblings, { ids: [one.question, other.question], position: 1 })
  assert.equal((await detailOf(client, conversation_id)).title, say('One'))
})

stackTest('an answer is made anew beside the old one, with the same prompt', async ({ plan }) => {
  const { client } = await signedIn(plan)
  const one = await takeTurn(client, { message: say('One') })
  const conversation_id = one.conversation
  const two = await takeTurn(client, { message: say('Two'), conversation_id })
  const again = await takeTurn(client, {
    regenerate: true,
    conversation_id,
    parent_id: two.question,
    thinking: true,
  })
  assert.equal(again.question, two.question)
  assert.notEqual(again.answer, two.answer)
  const [first, second] = [await awaitEnd(plan, two.id), await awaitEnd(plan, again.id)]
  assert.deepEqual(second.body['messages'], first.body['messages'])
  const page = await messagesOf(client, conversation_id)
  assert.deepEqual(idsOf(page), [one.question, one.answer, two.question, again.answer])
  assert.deepEqual(page.items.at(-1)?.siblings, { ids: [two.answer, again.answer], position: 1 })
  assert.equal((await usageRows(plan, again.id))[0]?.state, 'settled')
  // What comes next goes on from the newest answer.
  const three = await takeTurn(client, { message: say('Three'), conversation_id })
  const { items } = await messagesOf(client, conversation_id, `?leaf=${three.question}&limit=1`)
  assert.equal(items[0]?.parent_id, again.answer)
})

stackTest('a message tells how it came about', async ({ plan }) => {
  const { client } = await signedIn(plan)
  const message = 'standin: delay=1 reasoning=4 text="Yes, 网关"'
  const { id, events } = await wholeChat(client, message, { thinking: true })
  const start = only(events, 'start').data
  const { items } = await messagesOf(client, String(start['conversation_id']))
  const { cost: toldCost, ...told } = only(events, 'usage').data
  const [question, answer] = items
  const { created_at: asked, ...plain } = question ?? assert.fail('no question')
  assert.deepEqual(plain, {
    id: start['user_message_id'],
    parent_id: null,
    role: 'user',
    content: message,
    reasoning: '',
    state: 'done',
    generation_id: id,
    model: null,
    ending: null,
    finish_reason: null,
    usage: null,
    siblings: { ids: [start['user_message_id']], position: 0 },
  })
  const { created_at, reasoning, usage, ...shown } = answer ?? assert.fail('no answer')
  for (const time of [asked, created_at]) {
    assert.ok(Math.abs(Date.parse(time) - Date.now()) < 60_000, time)
  }
  assert.match(reasoning, /\S/)
  assert.deepEqual(shown, {
    id: start['message_id'],
    parent_id: start['user_message_id'],
    role: 'assistant',
    content: 'Yes, 网关',
    state: 'done',
    generation_id: id,
    model: 'deepseek-flash',
    ending: 'done',
    finish_reason: 'stop',
    siblings: { ids: [start['message_id']], position: 0 },
  })
  const { cost, ...counts } = usage ?? assert.fail('no usage')
  assert.deepEqual(counts, told)
  assert.equal(Number(cost), Number(toldCost))
})

stackTest('an answer that still runs cannot be gone on from, yet beside it', async ({ plan }) => {
  const { client } = await signedIn(plan)
  const one = await takeTurn(client, { message: say('One') })
  const conversation_id = one.conversation
  const running = await startChat(client, 'standin: stall=1 delay=0', { conversation_id })
  const start = only(await readFirstContent(running.events), 'start').data
  const parent_id = String(start['message_id'])
  const refused = await client.send('/api/chat', {
    body: { message: say('Next'), conversation_id, parent_id },
  })
  assertProblem(refused, 409, 'answer_running')
  const beside = await takeTurn(client, { message: say('Beside'), conversation_id })
  const { items } = await messagesOf(client, conversation_id)
  assert.deepEqual(
    items.map(({ id }) => id),
    [one.question, one.answer, beside.question, beside.answer],
  )
  assert.equal((await detailOf(client, conversation_id)).active_generation, running.id)
  await client.send(`/api/chat/${running.id}/stop`, { method: 'POST' })
  await rest(running.events)
  // It has text, so it can be gone on from once it has ended.
  const next = await takeTurn(client, { message: say('Next'), conversation_id, parent_id })
  const page = await messagesOf(client, conversation_id, `?leaf=${next.answer}`)
  assert.equal(page.items.at(-3)?.state, 'stopped')
})

stackTest(
  'a parent has to be a message of the conversation, and of the right kind',
  async ({ plan }) => {
    const [owner, other] = await Promise.all([signedIn(plan), signedIn(plan)])
    const mine = await plantConversation(plan, owner.account, ['q', 'a', 'q'])
    const second = await plantConversation(plan, owner.account, ['q', 'a'])
    const foreign = await plantConversation(plan, other.account, ['q', 'a'])
    const [question, answer] = mine.messages
    const message = 'x'
    const again = true
    // As many as the limit allows in a minute: refused ones count as well.
    const refusals = [
      [{ message, parent_id: second.messages[1] }, 404, 'message_not_found'],
      [{ message, parent_id: '999999999999' }, 404, 'message_not_found'],
      [{ message, parent_id: question }, 400, 'invalid_request'],
      [{ regenerate: again, parent_id: answer }, 400, 'invalid_request'],
      [{ regenerate: again, parent_id: foreign.messages[0] }, 404, 'message_not_found'],
    ] as const
    for (const [body, status, code] of refusals) {
      const whole = { ...body, conversation_id: mine.id }
      const refused = await owner.client.send('/api/chat', { body: whole })
      assertProblem(refused, status, code)
      assert.deepEqual(await usageRows(plan, String(refused.headers['x-request-id'])), [])
    }
    const taken = { regenerate: again, conversation_id: mine.id, parent_id: question }
    assertProblem(
      await other.client.send('/api/chat', { body: taken }),
      404,
      'conversation_not_found',
    )
    for (const query of [`?leaf=${second.messages[0]}`, `?below=${foreign.messages[0]}`]) {
      const path = `${CONVERSATIONS}/${mine.id}/messages${query}`
      assertProblem(await owner.client.send(path), 404, 'message_not_found')
    }
    assert.equal((await messagesOf(owner.client, mine.id)).items.length, 3)
  },
)

stackTest('two turns at once in one conversation are both whole', async ({ plan }) => {
  const { client } = await signedIn(plan)
  const one = await takeTurn(client, { message: say('One') })
  const conversation_id = one.conversation
  const turns = await Promise.all(
    ['A', 'B', 'C'].map((text) => takeTurn(client, { message: say(text), conversation_id })),
  )
  for (const { id, question, answer } of turns) {
    const page = await messagesOf(client, conversation_id, `?leaf=${answer}`)
    const chain = idsOf(page)
    // Another turn may have ended before this one began; then it goes on from there.
    assert.deepEqual(chain.slice(0, 2), [one.question, one.answer])
    assert.deepEqual(chain.slice(-2), [question, answer])
    assert.deepEqual(
      (await awaitEnd(plan, id)).body['messages'],
      page.items.slice(0, -1).map(({ role, content }) => ({ role, content })),
    )
  }
})
