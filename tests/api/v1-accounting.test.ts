/** Every call of a program leaves one row of token_usage, settled once, whatever ends it. */

import assert from 'node:assert/strict'
import type OpenAI from 'openai'
import type { APIError } from 'openai'
import { estimateTokens } from '../../worker/src/domain/token-estimate.ts'
import { beganWith, chunksOf, streamed, whole } from '../support/openai-calls.ts'
import { openAi, programOwner } from '../support/sdk-clients.ts'
import { sqlRows } from '../support/sql.ts'
import { awaitEnd } from '../support/standin-journal.ts'
import { useStack } from '../support/test-stack.ts'
import { settledRow, type UsageRow, usageRows } from '../support/usage-rows.ts'
import { assertSums } from '../support/usage-sums.ts'

const { stackTest } = useStack()

const TEXT = 'Twenty-seven characters and 世界.'
const TOOLS: OpenAI.ChatCompletionTool[] = [
  {
    type: 'function',
    function: {
      name: 'weather',
      parameters: { type: 'object', properties: { city: { type: 'string' } } },
    },
  },
]

function tokensOf(row: UsageRow): readonly number[] {
  return [row.prompt_tokens, row.cached_tokens, row.completion_tokens, row.reasoning_tokens]
}

stackTest('the row is open while the call runs, and says whose it is', async ({ plan }) => {
  const owner = await programOwner(plan)
  const ai = openAi(owner)
  const { data, request_id } = await streamed(ai, 'stall=2').withResponse()
  const id = request_id ?? ''
  const [open, ...more] = await sqlRows(plan, 'SELECT * FROM token_usage WHERE request_id = ?', [
    id,
  ])
  assert.deepEqual(more, [])
  assert.deepEqual(
    [open?.['state'], open?.['conversation_id'], String(open?.['access_token_id'])],
    ['open', null, owner.tokenId],
  )
  assert.equal(String(open?.['user_id']), owner.account.id)
  assert.ok(Number(open?.['reserved_tokens']) > 0)
  data.controller.abort()
  assert.equal((await settledRow(plan, id)).ending, 'client_gone')
})

stackTest('the row exists before the provider has answered anything', async ({ plan }) => {
  const ai = openAi(await programOwner(plan))
  const mark = crypto.randomUUID()
  const answer = whole(ai, `headers=500 text=x\n${mark}`)
  const id = await beganWith(plan, mark)
  assert.equal((await usageRows(plan, id))[0]?.state, 'open')
  await answer
  assert.equal((await usageRows(plan, id))[0]?.state, 'settled')
})

/** What the provider does, how that ends, and whether the tokens are an estimate. */
const ENDINGS: Readonly<Record<string, readonly [string, string, 0 | 1]>> = {
  'a count on the last piece': ['usage=last', 'done', 0],
  'a count in a piece of its own': ['usage=extra', 'done', 0],
  'a count too early': ['usage=early', 'done', 0],
  'no count': [`usage=none reasoning=0 text="${TEXT}"`, 'done', 1],
  'an answer cut for its length': ['finish=length tokens=3', 'done', 0],
  'a filtered one': ['finish=content_filter tokens=0 reasoning=0', 'done', 0],
  'an empty one': ['tokens=0 reasoning=0', 'done', 0],
  'one without capacity': ['finish=insufficient_system_resource tokens=3', 'upstream_error', 0],
  'a cut after some words': ['cut=3', 'upstream_error', 1],
  'a reset after some words': ['reset=3', 'upstream_error', 1],
  'an error after some words': ['error=3', 'upstream_error', 1],
  'a cut before the end mark': ['cut=finish', 'done', 0],
  'a reset before the end mark': ['reset=finish', 'done', 0],
  'a cut before the first word': ['cut=0', 'upstream_error', 0],
  'a refusal': ['status=500', 'upstream_error', 0],
}

stackTest('each ending of a stream has one bill, and the sums agree', async ({ plan }) => {
  const owner = await programOwner(plan)
  const ai = openAi(owner)
  for (const [what, [script, ending, estimated]] of Object.entries(ENDINGS)) {
    let id = ''
    try {
      const { data, request_id } = await streamed(ai, script).withResponse()
      id = request_id ?? ''
      await chunksOf(data)
    } catch (error) {
      if (id === '') id = (error as APIError).requestID ?? ''
    }
    // Whoever has seen the end finds it in the statistics.
    const [row, ...more] = await usageRows(plan, id)
    assert.ok(row !== undefined && more.length === 0, what)
    assert.deepEqual([row.state, row.ending, row.estimated], ['settled', ending, estimated], what)
    const { usage } = await awaitEnd(plan, id)
    if (estimated === 0 && ending === 'done') {
      assert.deepEqual(
        tokensOf(row).slice(0, 3),
        [usage?.prompt_tokens, usage?.prompt_cache_hit_tokens, usage?.completion_tokens],
        what,
      )
    }
    if (what === 'no count') {
      assert.deepEqual(tokensOf(row), [row.reserved_tokens, 0, estimateTokens(TEXT), 0])
    }
    if (what.endsWith('first word') || what === 'a refusal') {
      assert.deepEqual([...tokensOf(row), Number(row.cost)], [0, 0, 0, 0, 0], what)
    } else assert.ok(Number(row.cost) > 0, what)
  }
  assert.equal(await assertSums(plan, owner.account), Object.keys(ENDINGS).length)
})

stackTest('each ending of a whole answer has one bill, and the sums agree', async ({ plan }) => {
  const owner = await programOwner(plan)
  const ai = openAi(owner)
  const endings: Readonly<Record<string, readonly [string, 0 | 1]>> = {
    'usage=last': ['done', 0],
    'usage=none': ['done', 1],
    'keepalive=0.01 first=50': ['done', 0],
    cut: ['upstream_error', 0],
    'reset=2': ['upstream_error', 0],
    'keepalive=0.01 first=50 error=2': ['upstream_error', 0],
    'status=200': ['upstream_error', 0],
    'status=429': ['upstream_error', 0],
  }
  for (const [script, [ending, estimated]] of Object.entries(endings)) {
    const answer = await whole(ai, script === 'cut' ? 'cut=2' : script).then(
      (completion) => completion._request_id,
      (error: APIError) => error.requestID,
    )
    const [row, ...more] = await usageRows(plan, answer ?? '')
    assert.ok(row !== undefined && more.length === 0, script)
    assert.deepEqual([row.state, row.ending, row.estimated], ['settled', ending, estimated], script)
    assert.equal(Number(row.cost) > 0, ending === 'done', script)
  }
  assert.equal(await assertSums(plan, owner.account), Object.keys(endings).length)
})

stackTest('an estimate counts reasoning, and what is said to tools', async ({ plan }) => {
  const ai = openAi(await programOwner(plan))
  const script = 'usage=none reasoning=4 tools=1'
  const answer = await whole(ai, script, { tools: TOOLS })
  const message = answer.choices[0]?.message as OpenAI.ChatCompletionMessage & {
    reasoning_content: string
  }
  const expected =
    estimateTokens(message.reasoning_content) + estimateTokens('weather{"city":"text"}')
  const row = await settledRow(plan, answer._request_id ?? '')
  assert.deepEqual([row.estimated, row.completion_tokens], [1, expected])
  const { data, request_id } = await streamed(ai, script, { tools: TOOLS }).withResponse()
  await chunksOf(data)
  const other = await settledRow(plan, request_id ?? '')
  assert.deepEqual([other.estimated, other.completion_tokens], [1, expected])
  assert.ok(row.reserved_tokens > estimateTokens(JSON.stringify(TOOLS)))
})

stackTest('a slot is free again when the answer is over, however it ended', async ({ plan }) => {
  const ai = openAi(await programOwner(plan))
  // One more at a time than there are slots would be refused.
  for (const script of ['text=x', 'cut=2', 'status=500', 'status=400']) {
    for (let n = 0; n < 6; n += 1) {
      const id = await streamed(ai, script).then(
        async (stream) => {
          await chunksOf(stream).catch(() => undefined)
        },
        (error: APIError) => assert.notEqual(error.code, 'too_many_streams'),
      )
      assert.equal(id, undefined)
    }
  }
})
