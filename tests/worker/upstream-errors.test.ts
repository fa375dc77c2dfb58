/** What a client sees when the model provider fails: our words, a right status, a settled row. */

import assert from 'node:assert/strict'
import { PROBLEMS, type ProblemCode } from '#contract/problem-codes.ts'
import { type ScriptedStatus, scriptedAnswer } from '../standin/scripted-status.ts'
import { signedIn } from '../support/accounts.ts'
import { only, wholeChat } from '../support/chat.ts'
import { recordedCalls } from '../support/standin-journal.ts'
import { useStack } from '../support/test-stack.ts'
import { settledRow } from '../support/usage-rows.ts'

const { stackTest } = useStack()

const EXPECTED: readonly (readonly [
  upstream: ScriptedStatus,
  status: number,
  code: ProblemCode,
])[] = [
  [200, 502, 'upstream_interrupted'],
  [400, 400, 'upstream_rejected_request'],
  [401, 503, 'upstream_key_rejected'],
  [402, 503, 'upstream_balance'],
  [422, 400, 'upstream_rejected_request'],
  [429, 503, 'upstream_busy'],
  [500, 502, 'upstream_unavailable'],
  [502, 502, 'upstream_unavailable'],
  [503, 503, 'upstream_busy'],
]

/** Returns the words of the provider's answer, which must stay with us. */
function upstreamWords(status: ScriptedStatus): string {
  const { contentType, body } = scriptedAnswer(status, 'sk-standin')
  if (contentType !== 'application/json' || status === 200) return body.trim()
  return String(JSON.parse(body).error.message)
}

for (const [upstream, status, code] of EXPECTED) {
  stackTest(`the provider's ${upstream} is ${status} ${code}`, async ({ plan }) => {
    const { client } = await signedIn(plan)
    const message = `standin: status=${upstream}`
    const answer = await client.send('/api/chat', { body: { message, stream: false } })
    assert.equal(answer.status, status)
    assert.match(String(answer.headers['content-type']), /^application\/problem\+json/)
    const problem = answer.json()
    assert.equal(problem['code'], code)
    assert.equal(problem['detail'], PROBLEMS[code].en.detail)
    const { id, events } = await wholeChat(client, message)
    const failed = only(events, 'error')
    assert.deepEqual(events.at(-1), failed)
    assert.deepEqual({ ...failed.data, request_id: '' }, { ...problem, request_id: '' })
    assert.equal(failed.data['request_id'], id)
    const words = upstreamWords(upstream)
    for (const text of [answer.text, JSON.stringify(events)]) {
      assert.ok(words === '' || !text.includes(words), `the provider's words came through: ${text}`)
      assert.doesNotMatch(text, /deepseek\.com|sk-|html|\*{2,}/i)
    }
    for (const requestId of [id, String(problem['request_id'])]) {
      const row = await settledRow(plan, requestId)
      assert.equal(row.ending, 'upstream_error')
      assert.equal(Number(row.cost), 0)
      assert.equal((await recordedCalls(plan, requestId)).length, 1, 'asked more than once')
    }
  })
}

for (const status of [429, 503]) {
  stackTest(`the provider's Retry-After with ${status} is passed on`, async ({ plan }) => {
    const { client } = await signedIn(plan)
    const message = `standin: status=${status} retry_after=7`
    const answer = await client.send('/api/chat', { body: { message, stream: false } })
    assert.equal(answer.headers['retry-after'], '7')
    assert.equal(answer.json()['retryAfter'], 7)
    const { events } = await wholeChat(client, message)
    assert.equal(only(events, 'error').data['retryAfter'], 7)
  })
}

stackTest('a Retry-After of an hour is not passed on', async ({ plan }) => {
  const { client } = await signedIn(plan)
  const message = 'standin: status=429 retry_after=3600'
  const answer = await client.send('/api/chat', { body: { message, stream: false } })
  assert.equal(answer.status, 503)
  assert.equal(answer.headers['retry-after'], undefined)
})

stackTest('a message that the provider refuses says so', async ({ plan }) => {
  const { client } = await signedIn(plan)
  const body = { message: 'standin-risk', stream: false }
  const answer = await client.send('/api/chat', { headers: { 'Accept-Language': 'zh-CN' }, body })
  assert.equal(answer.status, 400)
  const { code, detail } = answer.json()
  assert.deepEqual(
    { code, detail },
    {
      code: 'upstream_content_risk',
      detail: PROBLEMS.upstream_content_risk['zh-CN'].detail,
    },
  )
})

stackTest('after a failure the next message is answered', async ({ plan }) => {
  const { client } = await signedIn(plan)
  for (const fault of ['status=500', 'reset=1', 'cut=1']) {
    const { events } = await wholeChat(client, `standin: ${fault} delay=0`)
    assert.equal(events.at(-1)?.event, 'error')
  }
  const { events } = await wholeChat(client, 'standin: tokens=2 delay=0')
  assert.equal(events.at(-1)?.event, 'done')
})
