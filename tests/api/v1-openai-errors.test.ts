/** Errors as OpenAI's own client sees them, and what it does then. */

import assert from 'node:assert/strict'
import OpenAI from 'openai'
import { callsWith, MODEL, streamed, whole } from '../support/openai-calls.ts'
import { openAi, programOwner, say } from '../support/sdk-clients.ts'
import { useStack } from '../support/test-stack.ts'
import { timed } from '../support/timed.ts'
import { settledRow } from '../support/usage-rows.ts'

const { stackTest } = useStack()

const REQUEST_ID = /^[0-9a-f]{32}$/

type ErrorClass = new (...args: never) => InstanceType<typeof OpenAI.APIError>
const REFUSALS: Readonly<Record<string, readonly [string, ErrorClass, number, string]>> = {
  'a request that the provider refuses': [
    'status=400',
    OpenAI.BadRequestError,
    400,
    'upstream_rejected_request',
  ],
  'a request that moderation refuses': [
    'text=x\nstandin-risk',
    OpenAI.BadRequestError,
    400,
    'upstream_content_risk',
  ],
  'too many calls of our account': [
    'status=429 retry_after=7',
    OpenAI.RateLimitError,
    429,
    'upstream_rate_limited',
  ],
  'our key': ['status=401', OpenAI.InternalServerError, 503, 'upstream_key_rejected'],
  'our balance': ['status=402', OpenAI.InternalServerError, 503, 'upstream_balance'],
  'an overload': ['status=503', OpenAI.InternalServerError, 503, 'upstream_busy'],
  'a failure': ['status=500', OpenAI.InternalServerError, 502, 'upstream_unavailable'],
  "a proxy's page": ['status=502', OpenAI.InternalServerError, 502, 'upstream_unavailable'],
  'a blank answer': ['status=200', OpenAI.InternalServerError, 502, 'upstream_interrupted'],
}
for (const [what, [script, Class, status, code]] of Object.entries(REFUSALS)) {
  stackTest(`${what} is an error of its class, streamed or not`, async ({ plan }) => {
    const ai = openAi(await programOwner(plan))
    for (const call of [whole, streamed]) {
      const error = await call(ai, script).then(
        () => assert.fail('it was answered'),
        (reason: unknown) => reason,
      )
      assert.ok(error instanceof OpenAI.APIError && error instanceof Class, String(error))
      assert.deepEqual([error.status, error.code], [status, code])
      assert.match(error.requestID ?? '', REQUEST_ID)
      assert.doesNotMatch(error.message, /\*\*\*\*|sk-/)
      assert.equal(error.headers?.get('retry-after'), status === 429 ? '7' : null)
      const row = await settledRow(plan, error.requestID ?? '')
      assert.deepEqual([row.ending, Number(row.cost)], ['upstream_error', 0])
    }
  })
}

stackTest("the provider's words about a request are for its program to read", async ({ plan }) => {
  const ai = openAi(await programOwner(plan))
  const attempt = ai.chat.completions.create({
    model: MODEL,
    messages: [{ role: 'developer', content: 'x' }],
  })
  await assert.rejects(attempt, /messages\[0\]\.role: unknown variant `developer`/)
  await assert.rejects(whole(ai, 'text=x', { temperature: 3 }), /valid range of temperature/)
})

stackTest(
  'what is refused before the model is asked has its class, and no row',
  async ({ plan }) => {
    const owner = await programOwner(plan)
    const ai = openAi(owner)
    const forged = openAi({
      ...owner,
      token: `${owner.token.slice(0, -1)}0`.replace(/.$/, flip(owner.token)),
    })
    await assert.rejects(whole(forged, 'text=x'), OpenAI.AuthenticationError)
    const unknown = ai.chat.completions.create({ model: 'gpt-4o', messages: say('hi') })
    await assert.rejects(unknown, (error) => {
      assert.ok(error instanceof OpenAI.NotFoundError)
      assert.equal(error.code, 'model_not_found')
      return true
    })
    const wrong: readonly (readonly [object, string])[] = [
      [{ messages: [] }, 'messages'],
      [{ messages: 'hi' }, 'messages'],
      [{ messages: [{}] }, 'messages.0.role'],
      [{ n: 2 }, 'n'],
      [{ max_tokens: 0 }, 'max_tokens'],
      [{ max_completion_tokens: 1.5 }, 'max_completion_tokens'],
      [{ stream: 'yes' }, 'stream'],
      [{ model: undefined }, 'model'],
      [{ user_id: 'x'.repeat(513) }, 'user_id'],
    ]
    for (const [change, param] of wrong) {
      const body = { model: MODEL, messages: say('hi'), ...change }
      const attempt = ai.chat.completions.create(body as never)
      await assert.rejects(attempt, (error) => {
        assert.ok(error instanceof OpenAI.BadRequestError, String(error))
        assert.equal(error.param, param)
        assert.ok(error.message.includes(param))
        return true
      })
    }
  },
)

function flip(token: string): string {
  return token.endsWith('0') ? '1' : '0'
}

stackTest('it tries again when that helps, after as long as it is told', async ({ plan }) => {
  const ai = openAi(await programOwner(plan), { maxRetries: 1 })
  const tries = async (script: string) => {
    const mark = crypto.randomUUID()
    const { ms } = await timed(assert.rejects(whole(ai, `${script}\n${mark}`), OpenAI.APIError))
    return { calls: (await callsWith(plan, mark)).length, ms }
  }
  const limited = await tries('status=429 retry_after=1')
  assert.equal(limited.calls, 2)
  assert.ok(limited.ms >= 1000, `${limited.ms} ms`)
  for (const [script, calls] of [
    ['status=503', 2],
    ['status=500', 2],
    // Nobody but an administrator can help.
    ['status=402', 1],
    ['status=401', 1],
    ['status=400', 1],
  ] as const) {
    assert.equal((await tries(script)).calls, calls, script)
  }
})
