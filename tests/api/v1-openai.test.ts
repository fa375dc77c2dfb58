/** What programs get that use OpenAI's own client. */

import assert from 'node:assert/strict'
import OpenAI from 'openai'
import { bodyOf, chunksOf, MODEL, streamed, textOf, whole } from '../support/openai-calls.ts'
import { openAi, programOwner, say } from '../support/sdk-clients.ts'
import { useStack } from '../support/test-stack.ts'
import { settledRow } from '../support/usage-rows.ts'

const { stackTest } = useStack()

const REQUEST_ID = /^[0-9a-f]{32}$/

stackTest('a whole answer, its reasoning, its usage and its request id', async ({ plan }) => {
  const ai = openAi(await programOwner(plan))
  const answer = await whole(ai, 'text="Hello, friend!" reasoning=3')
  const [choice] = answer.choices
  assert.deepEqual([choice?.message.content, choice?.finish_reason], ['Hello, friend!', 'stop'])
  const message = choice?.message as { reasoning_content?: string }
  assert.match(message.reasoning_content ?? '', /\S/)
  assert.match(answer._request_id ?? '', REQUEST_ID)
  const row = await settledRow(plan, answer._request_id ?? '')
  assert.equal(row.prompt_tokens, answer.usage?.prompt_tokens)
  assert.equal(row.completion_tokens, answer.usage?.completion_tokens)
  assert.equal(row.reasoning_tokens, 3)
})

stackTest('a streamed answer; its usage only if it was asked for', async ({ plan }) => {
  const ai = openAi(await programOwner(plan))
  for (const usage of ['last', 'extra'] as const) {
    for (const include_usage of [true, false, undefined]) {
      const script = `text="Hello, friend!" reasoning=3 usage=${usage}`
      const options = include_usage === undefined ? {} : { stream_options: { include_usage } }
      const { data, request_id } = await streamed(ai, script, options).withResponse()
      const chunks = await chunksOf(data)
      assert.equal(textOf(chunks, 'content'), 'Hello, friend!')
      assert.match(textOf(chunks, 'reasoning_content'), /\S/)
      const alone = chunks.filter(({ choices }) => choices.length === 0)
      assert.equal(alone.length, usage === 'extra' && include_usage === true ? 1 : 0)
      const counted = chunks.at(-1)?.usage?.completion_tokens
      const row = await settledRow(plan, request_id ?? '')
      assert.deepEqual([row.ending, row.estimated], ['done', 0])
      if (usage === 'last' || include_usage === true) assert.equal(row.completion_tokens, counted)
      const sent = await bodyOf(plan, request_id)
      assert.deepEqual(sent['stream_options'], { include_usage: true })
    }
  }
})

stackTest('tools are called, and their results go back with the reasoning', async ({ plan }) => {
  const ai = openAi(await programOwner(plan))
  const tools: OpenAI.ChatCompletionTool[] = ['weather', 'time'].map((name) => ({
    type: 'function',
    function: {
      name,
      parameters: { type: 'object', properties: { city: { type: 'string' } } },
    },
  }))
  const { choices } = await whole(ai, 'tools=2', { tools })
  const message = choices[0]?.message
  const calls = message?.tool_calls ?? []
  assert.deepEqual(
    calls.map((call) => call.type === 'function' && call.function),
    ['weather', 'time'].map((name) => ({ name, arguments: '{"city":"text"}' })),
  )
  assert.ok(message !== undefined)
  const answer = await ai.chat.completions.create({
    model: MODEL,
    tools,
    messages: [
      ...say('standin: tools=2 delay=0'),
      message,
      ...calls.map(({ id }) => ({ role: 'tool', tool_call_id: id, content: '7' }) as const),
      ...say('standin: text="Warm." delay=0'),
    ],
  })
  assert.equal(answer.choices[0]?.message.content, 'Warm.')
  const helper = ai.chat.completions.stream({
    model: MODEL,
    tools,
    tool_choice: { type: 'function', function: { name: 'time' } },
    messages: say('What time is it?\nstandin: delay=0'),
  })
  const final = await helper.finalChatCompletion()
  const [call] = final.choices[0]?.message.tool_calls ?? []
  assert.ok(call?.type === 'function')
  assert.deepEqual([call.function.name, final.choices[0]?.finish_reason], ['time', 'tool_calls'])
})

stackTest('JSON mode, logprobs, stop and the most tokens reach the model', async ({ plan }) => {
  const ai = openAi(await programOwner(plan))
  const json = await whole(ai, 'text=yes\nAnswer in JSON.', {
    response_format: { type: 'json_object' },
    thinking: { type: 'disabled' },
  })
  assert.deepEqual(JSON.parse(json.choices[0]?.message.content ?? ''), { answer: 'yes' })
  const probed = await whole(ai, 'text="one two"', { logprobs: true, top_logprobs: 2 })
  assert.equal(probed.choices[0]?.logprobs?.content?.[0]?.top_logprobs.length, 2)
  const off = { thinking: { type: 'disabled' } } as const
  const stopped = await whole(ai, 'text="one two three"', { stop: [' three'], ...off })
  assert.equal(stopped.choices[0]?.message.content, 'one two')
  for (const bound of [{ max_tokens: 2 }, { max_completion_tokens: 2 }]) {
    const short = await whole(ai, 'text="one two three"', { ...bound, ...off })
    const [choice] = short.choices
    assert.deepEqual([choice?.message.content, choice?.finish_reason], ['one two', 'length'])
    const { max_tokens, max_completion_tokens } = await bodyOf(plan, short._request_id)
    assert.deepEqual([max_tokens, max_completion_tokens], [2, undefined])
  }
})

stackTest('the models, and one of them by any of its names', async ({ plan }) => {
  const ai = openAi(await programOwner(plan))
  const ids = (await ai.models.list()).data.map(({ id }) => id)
  assert.deepEqual(ids, ['deepseek-flash', 'deepseek-v4-pro'])
  assert.equal((await ai.models.retrieve('deepseek-v4-pro')).id, 'deepseek-v4-pro')
  assert.equal((await ai.models.retrieve('deepseek-v4-flash')).id, 'deepseek-flash')
  await assert.rejects(ai.models.retrieve('gpt-4o'), OpenAI.NotFoundError)
  const aliased = await ai.chat.completions.create({
    model: 'deepseek-v4-flash',
    messages: say('standin: text=x delay=0'),
  })
  assert.equal((await bodyOf(plan, aliased._request_id))['model'], 'deepseek-flash')
  const row = await settledRow(plan, aliased._request_id ?? '')
  assert.deepEqual([row.model_requested, row.priced], ['deepseek-v4-flash', 1])
})
