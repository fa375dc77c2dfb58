/** Answers that end early, on either side, for OpenAI's own client. */

import assert from 'node:assert/strict'
import OpenAI from 'openai'
import { beganWith, chunksOf, MODEL, streamed, textOf, whole } from '../support/openai-calls.ts'
import { openAi, programOwner, say } from '../support/sdk-clients.ts'
import { awaitEnd } from '../support/standin-journal.ts'
import { useStack } from '../support/test-stack.ts'
import { settledRow } from '../support/usage-rows.ts'

const { stackTest } = useStack()

for (const fault of ['cut=3', 'reset=3', 'error=3']) {
  stackTest(
    `a stream that ends early by ${fault} is an error after what came`,
    async ({ plan }) => {
      const ai = openAi(await programOwner(plan), { maxRetries: 2 })
      const { data, request_id } = await streamed(
        ai,
        `${fault} text="a b c d e" reasoning=0`,
      ).withResponse()
      const chunks: OpenAI.ChatCompletionChunk[] = []
      const read = async () => {
        for await (const chunk of data) chunks.push(chunk)
      }
      await assert.rejects(read(), (error) => {
        assert.ok(error instanceof OpenAI.APIError, String(error))
        assert.deepEqual([error.code, error.type], ['upstream_interrupted', 'server_error'])
        return true
      })
      assert.equal(textOf(chunks, 'content'), 'a b c')
      const row = await settledRow(plan, request_id ?? '')
      assert.deepEqual([row.ending, row.estimated], ['upstream_error', 1])
    },
  )

  stackTest(`an answer that is not streamed fails as a whole by ${fault}`, async ({ plan }) => {
    const ai = openAi(await programOwner(plan))
    await assert.rejects(whole(ai, `${fault} text="a b c d e" reasoning=0`), (error) => {
      assert.ok(error instanceof OpenAI.InternalServerError, String(error))
      assert.equal(error.status, 502)
      return true
    })
  })
}

stackTest(
  'an abort ends the call at the provider within a second, and is billed',
  async ({ plan }) => {
    const ai = openAi(await programOwner(plan))
    const script = 'stall=4 text="a b c d e f" reasoning=0'
    const { data, request_id } = await streamed(ai, script).withResponse()
    let text = ''
    for await (const chunk of data) {
      text += chunk.choices[0]?.delta.content ?? ''
      if (text === 'a b c d') break
    }
    const left = Date.now()
    const call = await awaitEnd(plan, request_id ?? '')
    assert.equal(call.ended, 'client_closed')
    assert.ok((call.ended_ms ?? 0) - left < 1000)
    const row = await settledRow(plan, request_id ?? '')
    assert.deepEqual([row.ending, row.estimated, row.completion_tokens], ['client_gone', 1, 3])
    assert.equal(row.prompt_tokens, row.reserved_tokens)
    assert.ok(Number(row.cost) > 0)
  },
)

stackTest('so does an abort of one that is not streamed, or has not begun', async ({ plan }) => {
  const owner = await programOwner(plan)
  const ai = openAi(owner)
  for (const script of ['stall=4 text="a b c d e f"', 'headers=60000 text=x']) {
    for (const stream of [false, true]) {
      const mark = crypto.randomUUID()
      const abort = new AbortController()
      const messages = say(`${mark}\nstandin: delay=0 ${script}`)
      const attempt = ai.chat.completions.create(
        { model: MODEL, messages, stream },
        { signal: abort.signal },
      )
      const outcome = attempt.then(async (answer) => {
        if ('toReadableStream' in answer) await chunksOf(answer)
      })
      outcome.catch(() => undefined)
      const id = await beganWith(plan, mark)
      const left = Date.now()
      abort.abort()
      await outcome.catch(() => undefined)
      const call = await awaitEnd(plan, id)
      assert.equal(call.ended, 'client_closed')
      assert.ok((call.ended_ms ?? 0) - left < 1000)
      const row = await settledRow(plan, id)
      assert.equal(row.ending, 'client_gone')
      assert.equal(row.prompt_tokens, row.reserved_tokens)
    }
  }
})
