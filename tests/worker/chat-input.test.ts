/** Bodies of POST /api/chat that are no good: told which field, logged, and nothing else happens. */

import assert from 'node:assert/strict'
import { signedIn } from '../support/accounts.ts'
import { awaitRows, sqlRows } from '../support/sql.ts'
import { recordedCalls } from '../support/standin-journal.ts'
import { type TestStack, useStack } from '../support/test-stack.ts'
import { usageRows } from '../support/usage-rows.ts'

const { stackTest } = useStack()

interface Case {
  readonly body: unknown
  readonly contentType?: string
  readonly status: number
  readonly code: string
  readonly fields?: readonly string[]
  /** What nginx logs about it. */
  readonly provokes?: RegExp
}

interface InvalidRequest {
  readonly code: string
  readonly request_id: string
  readonly errors?: readonly { readonly field: string; readonly message: string }[]
}

const invalid = (body: unknown, ...fields: string[]): Case => ({
  body,
  status: 400,
  code: 'invalid_request',
  fields,
})

const CASES: Readonly<Record<string, Case>> = {
  'no JSON': { body: '{"message":', status: 400, code: 'invalid_json' },
  'an empty body': { body: '', status: 400, code: 'invalid_json' },
  'bytes that are no UTF-8': {
    body: Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x7d]),
    status: 400,
    code: 'invalid_json',
  },
  'a form': {
    body: 'message=hello',
    contentType: 'application/x-www-form-urlencoded',
    status: 415,
    code: 'unsupported_media_type',
  },
  'JSON that calls itself text': {
    body: '{"message":"hello"}',
    contentType: 'text/plain',
    status: 415,
    code: 'unsupported_media_type',
  },
  'more than the limit of bytes': {
    body: { message: 'x'.repeat(300 * 1024) },
    status: 413,
    code: 'payload_too_large',
    provokes: /client intended to send too large body/,
  },
  'a list': invalid([], ''),
  'no message': invalid({}, 'message'),
  'a message of spaces': invalid({ message: ' \n\t' }, 'message'),
  'a message that is no text': invalid({ message: 7 }, 'message'),
  'a message that is too long': invalid({ message: 'x'.repeat(32_001) }, 'message'),
  'half a character': invalid('{"message":"\\ud83c"}', 'message'),
  'a misspelt field': invalid({ message: 'hello', temprature: 1 }, 'temprature'),
  'a conversation that is no id': invalid(
    { message: 'hello', conversation_id: "1' OR '1" },
    'conversation_id',
  ),
  'a conversation as a number': invalid(
    { message: 'hello', conversation_id: 1 },
    'conversation_id',
  ),
  'a model that nobody offers': invalid({ message: 'hello', model: 'gpt-2' }, 'model'),
  'an unknown effort': invalid({ message: 'hello', effort: 'medium' }, 'effort'),
  'several wrong fields': invalid({ thinking: 'yes', stream: 1 }, 'message', 'stream', 'thinking'),
}

for (const [name, wrong] of Object.entries(CASES)) {
  const { body, status, code, provokes } = wrong
  const run = async ({ plan }: TestStack) => {
    const { client, account } = await signedIn(plan)
    const headers = { 'Content-Type': wrong.contentType ?? 'application/json' }
    const answer = await client.send('/api/chat', { headers, body })
    assert.equal(answer.status, status, answer.text)
    assert.match(String(answer.headers['content-type']), /^application\/problem\+json/)
    const problem = answer.json<InvalidRequest>()
    assert.equal(problem.code, code)
    assert.deepEqual(problem.errors?.map(({ field }) => field).sort(), wrong.fields, answer.text)
    const id = problem.request_id
    assert.equal(id, answer.headers['x-request-id'])
    assert.deepEqual(await usageRows(plan, id), [])
    assert.deepEqual(await recordedCalls(plan, id), [])
    const conversations = 'SELECT id FROM conversations WHERE user_id = ?'
    assert.deepEqual(await sqlRows(plan, conversations, [account.id]), [])
    const log = 'SELECT status, path FROM proxy_logs WHERE request_id = ?'
    const [logged] = await awaitRows(plan, log, [id])
    assert.deepEqual({ ...logged }, { status, path: '/api/chat' })
  }
  const title = `${name}: ${status} ${code}, and nothing is stored`
  stackTest(title, run, provokes === undefined ? {} : { provokes })
}

stackTest('fields are named in the language of the caller', async ({ plan }) => {
  const { client } = await signedIn(plan)
  const messages: string[] = []
  for (const lang of ['en', 'zh-CN']) {
    const answer = await client.send('/api/chat', {
      headers: { 'Accept-Language': lang },
      body: { message: 'hello', model: 'gpt-2' },
    })
    messages.push(String(answer.json<InvalidRequest>().errors?.[0]?.message))
  }
  assert.deepEqual(messages, ['There is no such model.', '没有这个模型。'])
})
