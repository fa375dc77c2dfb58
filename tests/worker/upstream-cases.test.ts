/**
 * What DeepSeek is known to do, and what becomes of it: what a person sees, what is charged, and whether
 * the connection to the provider was left as it should be. tests/standin/README.md says where the rest
 * of these cases is proved.
 */

import assert from 'node:assert/strict'
import type { Ending } from '#contract/api.ts'
import type { ProblemCode } from '#contract/problem-codes.ts'
import { estimateTokens } from '../../worker/src/domain/token-estimate.ts'
import { signedIn } from '../support/accounts.ts'
import { only, readFirstContent, readUntil, rest, startChat, wholeChat } from '../support/chat.ts'
import { textOf } from '../support/chat-stream.ts'
import { awaitEnd, recordedCalls } from '../support/standin-journal.ts'
import { useStack } from '../support/test-stack.ts'
import { settledRow, usageRows } from '../support/usage-rows.ts'

const { stackTest } = useStack()

interface Case {
  readonly script: string
  readonly thinking?: boolean
  /** The finish reason of a good end, or the problem of a bad one. */
  readonly end: { readonly finish: string } | { readonly problem: ProblemCode }
  readonly content: string
  readonly row: {
    readonly ending: Ending
    readonly finish: string | null
    /** Completion and reasoning as the provider counted them; undefined if we had to estimate. */
    readonly counted: readonly [completion: number, reasoning: number] | undefined
  }
  /** How the provider saw the connection end. */
  readonly upstream: string
}

/** Two tokens. */
const HI = 'Hi there'
const SAYS_HI = `standin: delay=0 text="${HI}"`

const DONE = {
  end: { finish: 'stop' },
  content: HI,
  row: { ending: 'done', finish: 'stop', counted: [2, 0] },
} as const

const CUT_OFF = {
  end: { problem: 'upstream_interrupted' },
  content: HI,
  row: { ending: 'upstream_error', finish: null, counted: undefined },
} as const

const CASES: Readonly<Record<string, Case>> = {
  'keep-alives while the call waits are no answer': {
    ...DONE,
    script: `${SAYS_HI} first=150 keepalive=0.03`,
    upstream: 'complete',
  },
  'a queue that ends in nothing is a failure, and free': {
    script: `${SAYS_HI} first=100 keepalive=0.03 cut=0`,
    end: { problem: 'upstream_interrupted' },
    content: '',
    row: { ending: 'upstream_error', finish: null, counted: [0, 0] },
    upstream: 'cut',
  },
  'a whole text without its finish chunk is cut off': {
    ...CUT_OFF,
    script: `${SAYS_HI} cut=2`,
    upstream: 'cut',
  },
  'so it is when the connection breaks there': {
    ...CUT_OFF,
    script: `${SAYS_HI} reset=2`,
    upstream: 'reset',
  },
  'with the finish chunk the answer is whole, cut or not': {
    ...DONE,
    script: `${SAYS_HI} cut=finish`,
    upstream: 'cut',
  },
  'so it is when the connection breaks there too': {
    ...DONE,
    script: `${SAYS_HI} reset=finish`,
    upstream: 'reset',
  },
  'an error behind the finish chunk takes nothing back': {
    ...DONE,
    script: `${SAYS_HI} error=finish`,
    upstream: 'error_event',
  },
  'a finish chunk whose usage was still to come is estimated': {
    ...DONE,
    script: `${SAYS_HI} usage=extra cut=finish`,
    row: { ...DONE.row, counted: undefined },
    upstream: 'cut',
  },
  'a provider that stays silent behind the finish chunk is not waited for long': {
    ...DONE,
    script: `${SAYS_HI} stall=finish keepalive=0.5`,
    upstream: 'client_closed',
  },
  'no capacity half-way is a failure that keeps and charges what came': {
    script: `${SAYS_HI} finish=insufficient_system_resource`,
    end: { problem: 'upstream_busy' },
    content: HI,
    row: {
      ending: 'upstream_error',
      finish: 'insufficient_system_resource',
      counted: [2, 0],
    },
    upstream: 'complete',
  },
  'an answer that a filter ends is told as such': {
    script: `${SAYS_HI} finish=content_filter`,
    end: { finish: 'content_filter' },
    content: HI,
    row: { ending: 'done', finish: 'content_filter', counted: [2, 0] },
    upstream: 'complete',
  },
  'a filter may leave nothing of it': {
    script: 'standin: delay=0 text="" finish=content_filter',
    end: { finish: 'content_filter' },
    content: '',
    row: { ending: 'done', finish: 'content_filter', counted: [0, 0] },
    upstream: 'complete',
  },
  'an answer may be used up by its reasoning': {
    script: 'standin: delay=0 reasoning=7 tokens=0 finish=length',
    thinking: true,
    end: { finish: 'length' },
    content: '',
    row: { ending: 'done', finish: 'length', counted: [7, 7] },
    upstream: 'complete',
  },
  'a good end without a word is a failure, charged as the provider counts': {
    script: 'standin: delay=0 text=""',
    end: { problem: 'upstream_interrupted' },
    content: '',
    row: { ending: 'upstream_error', finish: 'stop', counted: [0, 0] },
    upstream: 'complete',
  },
}

for (const [name, { script, thinking = false, end, content, row, upstream }] of Object.entries(
  CASES,
)) {
  stackTest(name, async ({ plan }) => {
    const { client } = await signedIn(plan)
    const { id, events } = await wholeChat(client, script, { thinking })
    const last = events.at(-1)
    if ('problem' in end) {
      assert.deepEqual([last?.event, last?.data['code']], ['error', end.problem])
    } else {
      assert.equal(last?.event, 'done', JSON.stringify(last?.data))
      assert.deepEqual(last.data, { finish_reason: end.finish, ending: 'done' })
    }
    assert.equal(textOf(events, 'content'), content)
    const call = await awaitEnd(plan, id)
    assert.equal(call.ended, upstream)
    const settled = await settledRow(plan, id)
    assert.deepEqual([settled.ending, settled.finish_reason], [row.ending, row.finish])
    const { counted } = row
    assert.equal(settled.estimated, counted === undefined ? 1 : 0)
    assert.deepEqual(
      [settled.completion_tokens, settled.reasoning_tokens],
      counted ?? [estimateTokens(content), 0],
    )
    const isFree = row.finish === null && content === ''
    const prompt = counted === undefined ? settled.reserved_tokens : call.usage?.prompt_tokens
    assert.equal(settled.prompt_tokens, isFree ? 0 : prompt)
    assert.equal((await usageRows(plan, id)).length, 1)
    assert.equal((await recordedCalls(plan, id)).length, 1, 'asked more than once')
  })
}

stackTest('keep-alives for ever do not keep a call from being stopped', async ({ plan }) => {
  const { client } = await signedIn(plan)
  const { id, events } = await startChat(client, 'standin: stall=0 keepalive=0.02')
  await readUntil(events, ({ event }) => event === 'start')
  while ((await recordedCalls(plan, id)).length === 0) await new Promise(setImmediate)
  const stoppedAt = Date.now()
  assert.equal((await client.send(`/api/chat/${id}/stop`, { method: 'POST' })).status, 204)
  assert.equal(only(await rest(events), 'done').data['ending'], 'stopped')
  const call = await awaitEnd(plan, id)
  assert.equal(call.ended, 'client_closed')
  assert.ok(Number(call.ended_ms) - stoppedAt < 1000, 'the call went on')
  const row = await settledRow(plan, id)
  assert.deepEqual([row.ending, row.estimated, row.completion_tokens], ['stopped', 1, 0])
})

stackTest('one call more than the account may run is "busy", in our words', async ({ plan }) => {
  const { client } = await signedIn(plan)
  const running = await startChat(client, 'standin: stall=1 tokens=2 delay=0')
  await readFirstContent(running.events)
  const { id, events } = await wholeChat(client, `${SAYS_HI} concurrency=1`)
  const { data } = only(events, 'error')
  assert.equal(data['code'], 'upstream_busy')
  assert.doesNotMatch(JSON.stringify(events), /concurrency|balance|top up/i)
  assert.equal((await awaitEnd(plan, id)).ended, 'error_status')
  const row = await settledRow(plan, id)
  assert.deepEqual([row.ending, Number(row.cost)], ['upstream_error', 0])
  await client.send(`/api/chat/${running.id}/stop`, { method: 'POST' })
  await rest(running.events)
})

stackTest('another model than was asked for may answer, and is charged', async ({ plan }) => {
  const { client } = await signedIn(plan)
  const { id, events } = await wholeChat(client, SAYS_HI, { model: 'deepseek-v4-flash' })
  assert.equal(only(events, 'start').data['model'], 'deepseek-v4-flash')
  assert.equal(only(events, 'usage').data['model'], 'deepseek-flash')
  const row = await settledRow(plan, id)
  assert.deepEqual([row.model_requested, row.model], ['deepseek-v4-flash', 'deepseek-flash'])
  assert.ok(Number(row.cost) > 0, 'an alias is free')
})

stackTest('a conversation goes on after an answer that was reasoning alone', async ({ plan }) => {
  const { client } = await signedIn(plan)
  const script = 'standin: delay=0 reasoning=3 tokens=0 finish=length'
  const first = await wholeChat(client, script, { thinking: true })
  const conversation = String(only(first.events, 'start').data['conversation_id'])
  const { id, events } = await wholeChat(client, SAYS_HI, {
    conversation_id: conversation,
    thinking: true,
  })
  // An assistant's turn without content would be refused with 400.
  assert.equal(textOf(events, 'content'), HI)
  assert.equal(events.at(-1)?.event, 'done')
  const { body } = await awaitEnd(plan, id)
  for (const { content } of body['messages'] as { content: unknown }[]) {
    assert.equal(typeof content, 'string')
  }
})

stackTest('what is sent is a stream with usage, whatever the client wants', async ({ plan }) => {
  const { client } = await signedIn(plan)
  const answer = await client.send('/api/chat', { body: { message: SAYS_HI, stream: false } })
  assert.equal(answer.json()['content'], HI)
  const { body } = await awaitEnd(plan, String(answer.headers['x-request-id']))
  assert.equal(body['stream'], true)
  assert.deepEqual(body['stream_options'], { include_usage: true })
  for (const field of ['tools', 'stop', 'logprobs', 'response_format']) {
    assert.equal(body[field], undefined, field)
  }
})

stackTest('a message that moderation refuses is asked once and costs nothing', async ({ plan }) => {
  const { client } = await signedIn(plan)
  const { id, events } = await wholeChat(client, 'standin-risk')
  assert.equal(only(events, 'error').data['code'], 'upstream_content_risk')
  assert.equal((await recordedCalls(plan, id)).length, 1)
  assert.equal(Number((await settledRow(plan, id)).cost), 0)
})
