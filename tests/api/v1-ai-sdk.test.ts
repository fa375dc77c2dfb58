/** What programs get that use Vercel's AI SDK. */

import assert from 'node:assert/strict'
import {
  APICallError,
  generateText,
  jsonSchema,
  RetryError,
  streamText,
  type ToolSet,
  tool,
} from 'ai'
import { callsWith } from '../support/openai-calls.ts'
import { aiSdk, type ProgramOwner, programOwner } from '../support/sdk-clients.ts'
import { awaitEnd } from '../support/standin-journal.ts'
import { useStack } from '../support/test-stack.ts'
import { timed } from '../support/timed.ts'
import { settledRow } from '../support/usage-rows.ts'

const { stackTest } = useStack()

const MODEL = 'deepseek-flash'

function asking(owner: ProgramOwner, script: string, includeUsage = true) {
  const model = aiSdk(owner, includeUsage).chatModel(MODEL)
  return { model, prompt: `standin: delay=0 ${script}`, maxRetries: 0 }
}

function idOf(headers: Record<string, string> | undefined): string {
  const id = headers?.['x-request-id'] ?? ''
  assert.match(id, /^[0-9a-f]{32}$/)
  return id
}

stackTest('a whole answer, its reasoning and its usage', async ({ plan }) => {
  const owner = await programOwner(plan)
  const answer = await generateText(asking(owner, 'text="Hello, friend!" reasoning=3'))
  assert.equal(answer.text, 'Hello, friend!')
  assert.match(answer.reasoningText ?? '', /\S/)
  const row = await settledRow(plan, idOf(answer.response.headers))
  assert.deepEqual(
    [answer.usage.inputTokens, answer.usage.outputTokens, answer.usage.reasoningTokens],
    [row.prompt_tokens, row.completion_tokens, 3],
  )
})

stackTest('a streamed answer, whether it asks for usage or not', async ({ plan }) => {
  const owner = await programOwner(plan)
  for (const includeUsage of [true, false]) {
    for (const usage of ['last', 'extra']) {
      const script = `text="Hello, friend!" reasoning=3 usage=${usage}`
      const answer = streamText(asking(owner, script, includeUsage))
      assert.equal(await answer.text, 'Hello, friend!')
      assert.match((await answer.reasoningText) ?? '', /\S/)
      assert.equal(await answer.finishReason, 'stop')
      const row = await settledRow(plan, idOf((await answer.response).headers))
      assert.deepEqual([row.ending, row.estimated], ['done', 0])
      if (usage === 'last' || includeUsage) {
        assert.equal((await answer.usage).outputTokens, row.completion_tokens)
      }
    }
  }
})

stackTest('tools are called in both modes', async ({ plan }) => {
  const owner = await programOwner(plan)
  const weather = tool({
    inputSchema: jsonSchema<{ city: string }>({
      type: 'object',
      properties: { city: { type: 'string' } },
    }),
  })
  // Its types do not fit ours, which tell a field that is not there from one that is undefined.
  const tools = { weather } as unknown as ToolSet
  const whole = await generateText({ ...asking(owner, 'tools=1'), tools })
  const parts = streamText({ ...asking(owner, 'tools=1'), tools })
  for (const calls of [whole.toolCalls, await parts.toolCalls]) {
    assert.deepEqual(
      calls.map(({ toolName, input }) => ({ toolName, input })),
      [{ toolName: 'weather', input: { city: 'text' } }],
    )
  }
  assert.equal(await parts.finishReason, 'tool-calls')
})

stackTest('errors have status and words, and are tried again when that helps', async ({ plan }) => {
  const owner = await programOwner(plan)
  const refused = generateText(asking(owner, 'status=400'))
  await assert.rejects(refused, (error) => {
    assert.ok(APICallError.isInstance(error))
    assert.deepEqual([error.statusCode, error.isRetryable], [400, false])
    assert.match(error.message, /valid range of max_tokens/)
    return true
  })
  const forged = generateText(asking({ ...owner, token: 'cg_1_x' }, 'text=x'))
  await assert.rejects(forged, (error) => {
    assert.ok(APICallError.isInstance(error))
    assert.equal(error.statusCode, 401)
    return true
  })
  const mark = crypto.randomUUID()
  const again = { ...asking(owner, `status=429 retry_after=1\n${mark}`), maxRetries: 1 }
  const { ms } = await timed(
    assert.rejects(generateText(again), (error) => {
      assert.ok(RetryError.isInstance(error))
      return true
    }),
  )
  assert.ok(ms >= 1000, `${ms} ms`)
  assert.equal((await callsWith(plan, mark)).length, 2)
})

for (const fault of ['cut=3', 'reset=3', 'error=3']) {
  stackTest(`a stream that ends early by ${fault} has an error part`, async ({ plan }) => {
    const owner = await programOwner(plan)
    const errors: unknown[] = []
    const answer = streamText({
      ...asking(owner, `${fault} text="a b c d e" reasoning=0`),
      onError: ({ error }) => void errors.push(error),
    })
    let text = ''
    for await (const part of answer.fullStream) if (part.type === 'text-delta') text += part.text
    assert.equal(text, 'a b c')
    assert.match(JSON.stringify(errors), /ended the answer early/)
  })
}

stackTest('an abort ends the call at the provider, and is billed', async ({ plan }) => {
  const owner = await programOwner(plan)
  const abort = new AbortController()
  const mark = crypto.randomUUID()
  const script = `stall=4 text="a b c d e f" reasoning=0\n${mark}`
  const answer = streamText({ ...asking(owner, script), abortSignal: abort.signal })
  let text = ''
  for await (const part of answer.fullStream) {
    if (part.type === 'text-delta') text += part.text
    if (text === 'a b c d') abort.abort()
  }
  const left = Date.now()
  const [seen] = await callsWith(plan, mark)
  assert.ok(seen !== undefined)
  const call = await awaitEnd(plan, seen.request_id)
  assert.equal(call.ended, 'client_closed')
  assert.ok((call.ended_ms ?? 0) - left < 1000)
  assert.equal((await settledRow(plan, seen.request_id)).ending, 'client_gone')
})
