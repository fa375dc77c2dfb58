/** Whatever the provider says about our key, no client sees a part of it, and no log the whole. */

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { readdirSync, readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { after, before } from 'node:test'
import type { ProblemCode } from '#contract/problem-codes.ts'
import { signedIn } from '../support/accounts.ts'
import { only, wholeChat } from '../support/chat.ts'
import { forgetKeys, putKey } from '../support/keys.ts'
import { makeToken, Program } from '../support/program.ts'
import { useStack } from '../support/test-stack.ts'

const { stackTest } = useStack()

const KEY = 'sk-telltale-4711-Zq9x'
const TAIL = 'Zq9x'
/** As providers are known to say it, and then some. */
const TOLD = `Your api key: ****${TAIL} is invalid (${KEY}, sk-tell...${TAIL}, ends in ${TAIL})`

interface Reply {
  readonly status: number
  readonly type: string
  readonly body: string
}

let reply: Reply = { status: 500, type: 'text/plain', body: '' }
const provider = createServer((request, response) => {
  request.resume()
  response.writeHead(reply.status, { 'Content-Type': reply.type }).end(reply.body)
})
before(async () => {
  provider.listen(0, '127.0.0.1')
  await once(provider, 'listening')
})
after(() => {
  provider.closeAllConnections()
  provider.close()
})

function json(status: number, message: string): Reply {
  const error = { message, type: 'unknown_error', param: null, code: 'invalid_request_error' }
  return { status, type: 'application/json', body: JSON.stringify({ error }) }
}

const deserialize = `Failed to deserialize the JSON body into the target type: unknown variant ${KEY}`
const inStream = `data: ${json(200, TOLD).body}\n\n`
const afterText =
  'data: {"id":"x","choices":[{"index":0,"delta":{"content":"H"},"finish_reason":null}]}\n\n'

const REPLIES: readonly (readonly [string, Reply, ProblemCode])[] = [
  ['a 200 that is JSON', json(200, TOLD), 'upstream_interrupted'],
  ['an error in the stream', sse(inStream), 'upstream_interrupted'],
  ['an error after some text', sse(afterText + inStream), 'upstream_interrupted'],
  ['400', json(400, TOLD), 'upstream_rejected_request'],
  ['400 deserialize', json(400, deserialize), 'upstream_rejected_request'],
  ['400 unknown model', json(400, `Model Not Exist ${TOLD}`), 'upstream_unknown_model'],
  ['400 context', json(400, `maximum context length ${TOLD}`), 'upstream_context_length'],
  ['400 moderation', json(400, `Content Exists Risk ${TOLD}`), 'upstream_content_risk'],
  ['401', json(401, TOLD), 'upstream_key_rejected'],
  ['402', json(402, `Insufficient Balance ${TOLD}`), 'upstream_balance'],
  ['403', json(403, TOLD), 'upstream_rejected_request'],
  ['404', json(404, TOLD), 'upstream_rejected_request'],
  ['422', json(422, TOLD), 'upstream_rejected_request'],
  ['429 concurrency', json(429, `Your current concurrency is 40. ${TOLD}`), 'upstream_busy'],
  ['429 TPM', json(429, `Rate limit reached for TPM ${TOLD}`), 'upstream_busy'],
  ['500', json(500, TOLD), 'upstream_unavailable'],
  ['502', { status: 502, type: 'text/html', body: `<p>${TOLD}` }, 'upstream_unavailable'],
  ['503', json(503, `Server Overloaded ${TOLD}`), 'upstream_busy'],
  ['504', { status: 504, type: 'text/html', body: `<p>${TOLD}` }, 'upstream_timeout'],
]

function sse(body: string): Reply {
  return { status: 200, type: 'text/event-stream', body }
}

for (const [name, given, code] of REPLIES) {
  stackTest(`${name}: ${code}, and nothing of the key`, async ({ plan }) => {
    const { client } = await signedIn(plan, 'admin')
    const { port } = provider.address() as AddressInfo
    const base_url = `http://127.0.0.1:${port}`
    try {
      reply = given
      for (const lang of ['en', 'zh-CN']) {
        // Stored anew, because the last answer may have put it out of use.
        await putKey(client, { api_key: KEY, base_url, weight: 2 })
        const answer = await client.send('/api/chat', {
          headers: { 'Accept-Language': lang },
          body: { message: 'Hello', stream: false },
        })
        const { code: answered, detail } = answer.json()
        assert.equal(answered, code, answer.text)
        assert.equal(/\p{Script=Han}/u.test(String(detail)), lang === 'zh-CN', String(detail))
        assertSilent(answer.text)
      }
      await putKey(client, { api_key: KEY, base_url })
      const { events } = await wholeChat(client, 'Hello')
      assert.equal(only(events, 'error').data['code'], code)
      assertSilent(JSON.stringify(events))
      // A program gets the provider's words about its request, and none of these.
      const program = new Program(plan, (await makeToken(client)).token)
      const messages = [{ role: 'user', content: 'Hello' }]
      for (const stream of [false, true]) {
        await putKey(client, { api_key: KEY, base_url })
        const asks = { model: 'deepseek-flash', messages, stream }
        const { text } = await program.send('/v1/chat/completions', { body: asks })
        assert.match(text, /"error":\{"message":"[^"]/)
        assert.ok(!text.includes(TAIL), text)
        assert.doesNotMatch(text, /telltale|sk-|\*\*|Insufficient|concurrency|TPM/)
      }
    } finally {
      await forgetKeys(plan, client)
    }
  })
}

function assertSilent(text: string): void {
  assert.ok(!text.includes(TAIL), `the key's end came through: ${text}`)
  assert.doesNotMatch(text, /telltale|sk-|\*\*|Insufficient|concurrency|TPM|deserialize|Risk/)
}

// The last test: it looks at what all the others left behind.
stackTest('no log holds the key or its end', async ({ plan }) => {
  const names = readdirSync(plan.layout.logs)
  assert.ok(names.includes('worker.log'))
  for (const name of names) {
    const text = readFileSync(join(plan.layout.logs, name), 'utf8')
    assert.ok(!text.includes(TAIL), `${name} holds the end of the key`)
    assert.doesNotMatch(text, /telltale/)
  }
  const log = readFileSync(join(plan.layout.logs, 'worker.log'), 'utf8')
  assert.match(log, /upstream 401: Your api key: \(key\)/, 'the reason is not in the log either')
})
