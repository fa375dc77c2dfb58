/** Every model call leaves one row of token_usage, opened before it and settled once after it. */

import assert from 'node:assert/strict'
import { estimateTokens } from '../../worker/src/domain/token-estimate.ts'
import { signedIn } from '../support/accounts.ts'
import { only, readFirstContent, rest, startChat, wholeChat } from '../support/chat.ts'
import { textOf } from '../support/chat-stream.ts'
import { awaitEnd, recordedCalls } from '../support/standin-journal.ts'
import { useStack } from '../support/test-stack.ts'
import { settledRow, type UsageRow, usageRows } from '../support/usage-rows.ts'

const { stackTest } = useStack()

/** Tokens as the row holds them, in the provider's order: prompt, cached, completion, reasoning. */
function tokensOf(row: UsageRow): readonly number[] {
  return [row.prompt_tokens, row.cached_tokens, row.completion_tokens, row.reasoning_tokens]
}

stackTest('the row is open while the call runs and settled after it', async ({ plan }) => {
  const { client, account } = await signedIn(plan)
  const { id, events } = await startChat(client, 'standin: stall=2 delay=1')
  await readFirstContent(events)
  const [open, ...more] = await usageRows(plan, id)
  assert.deepEqual(more, [])
  assert.equal(open?.state, 'open')
  assert.equal(open.ending, 'open')
  assert.equal(String(open.user_id), account.id)
  assert.equal(open.model_requested, 'deepseek-flash')
  assert.ok(open.reserved_tokens > 0, 'nothing is known of the prompt')
  assert.notEqual(open.api_key_id, null)
  assert.equal(open.settled_at, null)
  await client.send(`/api/chat/${id}/stop`, { method: 'POST' })
  await rest(events)
  const [settled, ...others] = await usageRows(plan, id)
  assert.deepEqual(others, [])
  assert.equal(settled?.state, 'settled')
  assert.ok(settled.settled_at !== null && settled.settled_at >= settled.started_at)
})

stackTest('the row exists before the provider has answered anything', async ({ plan }) => {
  const { client } = await signedIn(plan)
  const { id, events } = await startChat(client, 'standin: headers=300 tokens=1 delay=0')
  await events.next()
  const [call] = await recordedCalls(plan, id)
  assert.ok(call === undefined || call.ended === null)
  assert.equal((await usageRows(plan, id))[0]?.state, 'open')
  await rest(events)
  assert.equal((await usageRows(plan, id))[0]?.ending, 'done')
})

const REPORTED: Readonly<Record<string, string>> = {
  'with the last piece': 'usage=last',
  'in a piece of its own': 'usage=extra',
  'also too early': 'usage=early',
}
for (const [how, usage] of Object.entries(REPORTED)) {
  stackTest(`usage that the provider reports ${how} is charged as it is`, async ({ plan }) => {
    const { client } = await signedIn(plan)
    const script = `standin: ${usage} tokens=7 reasoning=3 delay=1`
    const { id, events } = await wholeChat(client, script, { thinking: true })
    const row = await settledRow(plan, id)
    const { usage: reported } = await awaitEnd(plan, id)
    assert.equal(row.ending, 'done')
    assert.equal(row.finish_reason, 'stop')
    assert.equal(row.estimated, 0)
    const { prompt_tokens, cached_tokens, completion_tokens, reasoning_tokens, total_tokens } =
      only(events, 'usage').data
    const counts = [prompt_tokens, cached_tokens, completion_tokens, reasoning_tokens]
    assert.deepEqual(counts, tokensOf(row))
    assert.deepEqual(counts, [
      reported?.prompt_tokens,
      reported?.prompt_tokens_details.cached_tokens,
      10,
      3,
    ])
    assert.equal(total_tokens, row.prompt_tokens + row.completion_tokens)
  })
}

stackTest('an answer without usage is estimated from what came, and says so', async ({ plan }) => {
  const { client } = await signedIn(plan)
  const text = 'Twenty-seven characters and 世界.'
  const { id, events } = await wholeChat(client, `standin: usage=none delay=1 text="${text}"`)
  const row = await settledRow(plan, id)
  assert.equal(row.ending, 'done')
  assert.equal(row.estimated, 1)
  assert.deepEqual(tokensOf(row), [row.reserved_tokens, 0, estimateTokens(text), 0])
  assert.ok(row.prompt_tokens > 0 && Number(row.cost) > 0)
  assert.equal(only(events, 'usage').data['estimated'], true)
})

stackTest('usage that came before the end is not taken for the whole', async ({ plan }) => {
  const { client } = await signedIn(plan)
  const { id, events } = await wholeChat(client, 'standin: usage=early cut=8 delay=1')
  const row = await settledRow(plan, id)
  assert.equal(row.estimated, 1)
  assert.equal(row.completion_tokens, estimateTokens(textOf(events, 'content')))
  assert.ok(row.prompt_tokens > 0)
})

stackTest('a stopped answer is charged for what came', async ({ plan }) => {
  const { client } = await signedIn(plan)
  const { id, events } = await startChat(client, 'standin: stall=6 delay=1')
  const first = await readFirstContent(events)
  await client.send(`/api/chat/${id}/stop`, { method: 'POST' })
  const text = textOf([...first, ...(await rest(events))], 'content')
  const row = await settledRow(plan, id)
  assert.equal(row.ending, 'stopped')
  assert.equal(row.estimated, 1)
  assert.deepEqual(tokensOf(row), [row.reserved_tokens, 0, estimateTokens(text), 0])
  assert.ok(Number(row.cost) > 0, 'stopping made it free')
})

for (const fault of ['cut', 'reset', 'error']) {
  stackTest(`an answer that ends by ${fault} is charged for what came`, async ({ plan }) => {
    const { client } = await signedIn(plan)
    const { id, events } = await wholeChat(client, `standin: ${fault}=5 delay=1`)
    const text = textOf(events, 'content')
    assert.notEqual(text, '')
    assert.deepEqual(
      events.slice(-2).map(({ event }) => event),
      ['usage', 'error'],
    )
    const row = await settledRow(plan, id)
    assert.equal(row.ending, 'upstream_error')
    assert.equal(row.estimated, 1)
    assert.deepEqual(tokensOf(row), [row.reserved_tokens, 0, estimateTokens(text), 0])
    assert.equal((await usageRows(plan, id)).length, 1)
  })

  stackTest(`an answer that ends by ${fault} before its first word is free`, async ({ plan }) => {
    const { client } = await signedIn(plan)
    const { id, events } = await wholeChat(client, `standin: ${fault}=0`)
    assert.deepEqual(
      events.map(({ event }) => event),
      ['start', 'error'],
    )
    const row = await settledRow(plan, id)
    assert.equal(row.ending, 'upstream_error')
    assert.deepEqual(tokensOf(row), [0, 0, 0, 0])
    assert.equal(Number(row.cost), 0)
  })
}

stackTest('calls at the same time have one row each, with their own tokens', async ({ plan }) => {
  const { client } = await signedIn(plan)
  const lengths = [3, 5, 7, 9]
  const chats = await Promise.all(
    lengths.map((tokens) => wholeChat(client, `standin: tokens=${tokens} delay=5`)),
  )
  assert.equal(new Set(chats.map(({ id }) => id)).size, lengths.length)
  for (const [index, { id }] of chats.entries()) {
    const rows = await usageRows(plan, id)
    assert.deepEqual(
      rows.map(({ state, completion_tokens }) => ({ state, completion_tokens })),
      [{ state: 'settled', completion_tokens: lengths[index] }],
    )
  }
})

stackTest('a request id that a client makes up is not the id of its row', async ({ plan }) => {
  const { client } = await signedIn(plan)
  const script = 'standin: tokens=1 delay=0'
  const { id } = await wholeChat(client, script)
  const answer = await client.send('/api/chat', {
    headers: { 'X-Request-Id': id },
    body: { message: script, stream: false },
  })
  assert.equal(answer.status, 200)
  assert.notEqual(answer.json()['generation_id'], id)
  assert.equal((await usageRows(plan, id)).length, 1)
})
