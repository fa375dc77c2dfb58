/** What programs get who use OpenAI's own client. */

import assert from 'node:assert/strict'
import OpenAI from 'openai'
import { openAi, programOwner, say } from '../support/sdk-clients.ts'
import { awaitEnd, recordedCalls } from '../support/standin-journal.ts'
import { useStack } from '../support/test-stack.ts'
import { settledRow } from '../support/usage-rows.ts'

const { stackTest } = useStack()

const MODEL = 'deepseek-flash'
const QUIET = 'standin: delay=0'

stackTest('a whole answer with its request id', async ({ plan }) => {
  const ai = openAi(await programOwner(plan))
  const answer = await ai.chat.completions.create({
    model: MODEL,
    messages: say(`${QUIET} text="Hello, friend!" reasoning=3`),
  })
  assert.equal(answer.choices[0]?.message.content, 'Hello, friend!')
  assert.equal(answer.choices[0].finish_reason, 'stop')
  const message = answer.choices[0].message as { reasoning_content?: string }
  assert.match(message.reasoning_content ?? '', /\S/)
  assert.match(answer._request_id ?? '', /^[0-9a-f]{32}$/)
  const row = await settledRow(plan, answer._request_id ?? '')
  assert.equal(row.prompt_tokens, answer.usage?.prompt_tokens)
  assert.equal(row.completion_tokens, answer.usage?.completion_tokens)
})

stackTest('a streamed answer', async ({ plan }) => {
  const ai = openAi(await programOwner(plan))
  const { data: stream, request_id } = await ai.chat.completions
    .create({ model: MODEL, stream: true, messages: say(`${QUIET} text="Hello, friend!"`) })
    .withResponse()
  let text = ''
  for await (const chunk of stream) text += chunk.choices[0]?.delta.content ?? ''
  assert.equal(text, 'Hello, friend!')
  assert.equal((await settledRow(plan, request_id ?? '')).ending, 'done')
  assert.equal((await recordedCalls(plan, request_id ?? '')).length, 1)
  assert.ok(await awaitEnd(plan, request_id ?? ''))
  assert.ok(OpenAI)
})
