/** Errors under /v1, in the shape that OpenAI's clients read, whoever answers. */

import assert from 'node:assert/strict'
import { waitFor } from '../../scripts/stack/readiness.ts'
import { signedIn } from '../support/accounts.ts'
import { editNginx } from '../support/nginx-edit.ts'
import { ROOMY } from '../support/own-stack.ts'
import { signalPart, successorOf, vanished } from '../support/processes.ts'
import { assertOpenAiError, makeToken, Program } from '../support/program.ts'
import { rateLimit } from '../support/rate-limit.ts'
import { useStack } from '../support/test-stack.ts'

const RECOVERY_MS = 15_000

const { stackTest } = useStack({ ...ROOMY, GATE_LIMIT_V1: '"v1";q=6;w=60' })

stackTest('429: over the limit, with the headers of everywhere', async ({ plan }) => {
  const { client } = await signedIn(plan)
  const program = new Program(plan, (await makeToken(client)).token)
  for (const left of [5, 4, 3, 2, 1, 0]) {
    const { status, headers } = await program.models()
    assert.equal(status, 200)
    assert.equal(rateLimit(headers, 'v1').remaining, left)
  }
  for (let n = 0; n < 2; n++) {
    const answer = await program.models()
    const error = assertOpenAiError(answer, 429, 'rate_limit_error', 'rate_limit_exceeded')
    assert.match(error.message, /^At most 6 per minute\. Please try again in \d+ s\.$/)
    assert.equal(error.param, null)
    const { remaining, reset } = rateLimit(answer.headers, 'v1')
    assert.equal(remaining, 0)
    assert.equal(answer.headers['retry-after'], String(reset))
  }
  const chinese = await program.models({ 'Accept-Language': 'zh-CN' })
  assert.match(chinese.text, /每分钟最多 6 次/)
  // Another token of the same person has a count of its own.
  const other = new Program(plan, (await makeToken(client)).token)
  assert.equal((await other.models()).status, 200)
})

stackTest(
  '404, 405, 413, 414, 400: whether nginx answers or the worker',
  async ({ plan }) => {
    const { client } = await signedIn(plan)
    const program = new Program(plan, (await makeToken(client)).token)
    const notFound = await program.send('/v1/nothing')
    assertOpenAiError(notFound, 404, 'not_found_error', 'not_found')
    const method = await program.send('/v1/models', { method: 'DELETE' })
    assertOpenAiError(method, 405, 'invalid_request_error', 'method_not_allowed')
    assert.match(String(method.headers.allow), /GET/)
    const large = await program.send('/v1/models', { body: { text: 'x'.repeat(300_000) } })
    assertOpenAiError(large, 413, 'invalid_request_error', 'payload_too_large')
    const long = await program.send(`/v1/${'x'.repeat(9000)}`)
    assert.equal(long.status, 414)
    const odd = await program.send('/v1/a%2fb')
    assertOpenAiError(odd, 400, 'invalid_request_error', 'bad_request')
  },
  { provokes: /too large body/ },
)

stackTest('whoever asks for a page below /v1 gets an error all the same', async ({ plan }) => {
  const answer = await new Program(plan, undefined).models({ Accept: 'text/html' })
  assertOpenAiError(answer, 401, 'authentication_error', 'invalid_api_key')
})

stackTest(
  '503: while the worker is away, with the time to try again',
  async ({ plan }) => {
    const { client } = await signedIn(plan)
    const program = new Program(plan, (await makeToken(client)).token)
    assert.equal((await program.models()).status, 200)
    const killed = signalPart(plan, 'worker', 'SIGKILL')
    await vanished(killed)
    const answer = await program.models()
    assertOpenAiError(answer, 503, 'server_error', 'worker_unavailable')
    assert.match(String(answer.headers['retry-after']), /^[1-9]\d?$/)
    await successorOf(plan, 'worker', killed)
    await waitFor(
      async () => assert.equal((await client.send('/api/models')).status, 200),
      RECOVERY_MS,
    )
  },
  { provokes: /connect\(\) (?:to unix:.*worker\.sock )?failed|worker\.sock/ },
)

stackTest(
  '500: with a policy that does not parse',
  async ({ plan }) => {
    const { client } = await signedIn(plan)
    const { token } = await makeToken(client)
    await editNginx(plan, {
      'servers/gateway.conf': (text) =>
        text.replace('set $gate_limit $gate_limit_v1;', `set $gate_limit '"v1";q=all';`),
    })
    const answer = await new Program(plan, token).models()
    assertOpenAiError(answer, 500, 'server_error', 'internal')
  },
  { provokes: /gate: \$gate_limit/ },
)
