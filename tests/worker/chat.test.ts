import assert from 'node:assert/strict'
import { signedIn } from '../support/accounts.ts'
import { only, readFirstContent, rest, startChat, wholeChat } from '../support/chat.ts'
import { textOf } from '../support/chat-stream.ts'
import { awaitEnd, recordedCalls } from '../support/standin-journal.ts'
import { useStack } from '../support/test-stack.ts'

const { stackTest } = useStack()

/** One, two, three and four bytes a character. */
const TEXT = 'Grüße, 世界! 🌍 says the model, word by word.'

stackTest('the answer comes word by word, while the model still writes', async ({ plan }) => {
  const { client } = await signedIn(plan)
  const { id, events } = await startChat(client, 'standin: tokens=40 delay=25')
  const first = await readFirstContent(events)
  const [call] = await recordedCalls(plan, id)
  assert.equal(call?.ended, null, 'the model has ended before its first word was here')
  assert.ok(call.tokens_sent.content < 40, `${call.tokens_sent.content} of 40 words were written`)
  const all = [...first, ...(await rest(events))]
  const deltas = all.filter(({ event }) => event === 'content')
  assert.ok(deltas.length >= 20, `40 words came in ${deltas.length} pieces`)
})

stackTest('a word that has been written is not held back for the next one', async ({ plan }) => {
  const { client } = await signedIn(plan)
  const { id, events } = await startChat(client, 'standin: stall=1 text="Hello there" delay=0')
  assert.equal(textOf(await readFirstContent(events), 'content'), 'Hello')
  assert.equal((await client.send(`/api/chat/${id}/stop`, { method: 'POST' })).status, 204)
  assert.equal(only(await rest(events), 'done').data['ending'], 'stopped')
})

stackTest('start, content, usage and done come in this order', async ({ plan }) => {
  const { client } = await signedIn(plan)
  const { id, events } = await wholeChat(client, `standin: delay=1 text="${TEXT}"`)
  const kinds = events.map(({ event }) => event)
  assert.equal(kinds[0], 'start')
  assert.deepEqual(kinds.slice(-2), ['usage', 'done'])
  assert.deepEqual(new Set(kinds.slice(1, -2)), new Set(['content']))
  assert.equal(textOf(events, 'content'), TEXT)
  assert.deepEqual(only(events, 'done').data, { finish_reason: 'stop', ending: 'done' })
  const { generation_id, request_id, model, ...ids } = only(events, 'start').data
  assert.deepEqual(
    { generation_id, request_id, model },
    {
      generation_id: id,
      request_id: id,
      model: 'deepseek-flash',
    },
  )
  assert.deepEqual(Object.keys(ids).sort(), ['conversation_id', 'message_id', 'user_message_id'])
  for (const value of Object.values(ids)) assert.match(String(value), /^[1-9]\d*$/)
})

stackTest('each piece carries the position in UTF-8 bytes up to its end', async ({ plan }) => {
  const { client } = await signedIn(plan)
  const { events } = await wholeChat(client, `standin: delay=1 reasoning=6 text="${TEXT}"`, {
    thinking: true,
  })
  const bytes = { reasoning: 0, content: 0 }
  for (const { event, id, data } of events) {
    if (event !== 'reasoning' && event !== 'content') {
      assert.equal(id, undefined, `${event} is no position`)
      continue
    }
    bytes[event] += Buffer.byteLength(String(data['text']))
    assert.equal(id, `r${bytes.reasoning}.c${bytes.content}`)
  }
  assert.equal(bytes.content, Buffer.byteLength(TEXT))
})

stackTest('characters survive when the model sends them byte by byte', async ({ plan }) => {
  const { client } = await signedIn(plan)
  for (const frame of ['bytes', 'crlf']) {
    const { events } = await wholeChat(client, `standin: frame=${frame} delay=0 text="${TEXT}"`)
    assert.equal(textOf(events, 'content'), TEXT, frame)
  }
})

stackTest('thinking is shown apart from the answer and before it', async ({ plan }) => {
  const { client } = await signedIn(plan)
  const script = 'standin: reasoning=5 delay=1 text="The answer."'
  const { id, events } = await wholeChat(client, script, { thinking: true, effort: 'max' })
  const kinds = events.map(({ event }) => event)
  assert.ok(kinds.lastIndexOf('reasoning') < kinds.indexOf('content'))
  assert.notEqual(textOf(events, 'reasoning'), '')
  assert.equal(textOf(events, 'content'), 'The answer.')
  assert.equal(only(events, 'usage').data['reasoning_tokens'], 5)
  const { body } = await awaitEnd(plan, id)
  assert.deepEqual(body['thinking'], { type: 'enabled' })
  assert.equal(body['reasoning_effort'], 'max')
})

stackTest('thinking is off unless it is asked for', async ({ plan }) => {
  const { client } = await signedIn(plan)
  const { id, events } = await wholeChat(client, 'standin: reasoning=5 delay=1 text=Yes')
  assert.equal(textOf(events, 'reasoning'), '')
  assert.equal(only(events, 'usage').data['reasoning_tokens'], 0)
  assert.deepEqual((await awaitEnd(plan, id)).body['thinking'], { type: 'disabled' })
})

stackTest('stream: false gives one JSON answer that says the same', async ({ plan }) => {
  const { client } = await signedIn(plan)
  const message = `standin: reasoning=4 delay=1 text="${TEXT}"`
  const streamed = await wholeChat(client, message, { thinking: true })
  const answer = await client.send('/api/chat', {
    body: { message, thinking: true, stream: false },
  })
  assert.equal(answer.status, 200)
  assert.match(String(answer.headers['content-type']), /^application\/json/)
  const body = answer.json()
  assert.equal(body['generation_id'], answer.headers['x-request-id'])
  assert.equal(body['content'], TEXT)
  assert.equal(body['reasoning'], textOf(streamed.events, 'reasoning'))
  assert.equal(body['finish_reason'], 'stop')
  const counts = ({
    prompt_tokens,
    completion_tokens,
    reasoning_tokens,
    total_tokens,
  }: object & {
    [name: string]: unknown
  }) => ({ prompt_tokens, completion_tokens, reasoning_tokens, total_tokens })
  assert.deepEqual(
    counts(body['usage'] as Record<string, unknown>),
    counts(only(streamed.events, 'usage').data),
  )
})

stackTest('a stream is marked so that no proxy holds it back', async ({ plan }) => {
  const { client } = await signedIn(plan)
  const { response, events } = await startChat(client, 'standin: tokens=1 delay=0')
  await rest(events)
  assert.match(String(response.headers['content-type']), /^text\/event-stream/)
  assert.equal(response.headers['cache-control'], 'no-cache, no-transform')
  assert.equal(response.headers['content-encoding'], undefined)
})

stackTest('another model is asked under the name that was given', async ({ plan }) => {
  const { client } = await signedIn(plan)
  const script = 'standin: tokens=2 delay=0'
  const { id, events } = await wholeChat(client, script, { model: 'deepseek-v4-pro' })
  assert.equal(only(events, 'start').data['model'], 'deepseek-v4-pro')
  assert.equal(only(events, 'usage').data['model'], 'deepseek-v4-pro')
  assert.equal((await awaitEnd(plan, id)).body['model'], 'deepseek-v4-pro')
})
