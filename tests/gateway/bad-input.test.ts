import assert from 'node:assert/strict'
import type { ProblemCode } from '#contract/problem-codes.ts'
import { signedIn } from '../support/accounts.ts'
import { Client, type Send } from '../support/client.ts'
import { assertProblem } from '../support/problem.ts'
import { awaitLog } from '../support/proxy-log.ts'
import { rawExchange } from '../support/raw.ts'
import { sqlRows } from '../support/sql.ts'
import { useStack } from '../support/test-stack.ts'
import { NO_TRACES, tracesOf } from '../support/traces.ts'

const { stackTest } = useStack()

const JSON_TYPE = { 'Content-Type': 'application/json' }
const TOO_LARGE = { provokes: /intended to send too large/ }

/** Bodies of POST /api/chat that are no chat, with the wrong fields where the fields are to blame. */
const BODIES: readonly [string, Send, number, ProblemCode, (readonly string[])?][] = [
  ['nothing', { method: 'POST', headers: JSON_TYPE }, 400, 'invalid_json'],
  ['no JSON', { body: 'hello', headers: JSON_TYPE }, 400, 'invalid_json'],
  ['half of a JSON text', { body: '{"message":"hel', headers: JSON_TYPE }, 400, 'invalid_json'],
  [
    'no UTF-8',
    { body: Buffer.from('{"message":"\xff"}', 'latin1'), headers: JSON_TYPE },
    400,
    'invalid_json',
  ],
  ['an array', { body: [] }, 400, 'invalid_request', ['']],
  ['null', { body: 'null', headers: JSON_TYPE }, 400, 'invalid_request', ['']],
  ['no message', { body: {} }, 400, 'invalid_request', ['message']],
  ['a number for a message', { body: { message: 7 } }, 400, 'invalid_request', ['message']],
  ['an empty message', { body: { message: ' \n' } }, 400, 'invalid_request', ['message']],
  [
    'a message too long',
    { body: { message: 'x'.repeat(32_001) } },
    400,
    'invalid_request',
    ['message'],
  ],
  ['an unknown field', { body: { message: 'a', mesage: 'b' } }, 400, 'invalid_request', ['mesage']],
  [
    'two wrong fields',
    { body: { message: 'a', stream: 'no', thinking: 1 } },
    400,
    'invalid_request',
    ['thinking', 'stream'],
  ],
  ['an unknown model', { body: { message: 'a', model: 'gpt' } }, 400, 'invalid_request', ['model']],
  [
    'a foreign conversation',
    { body: { message: 'a', conversation_id: '999999' } },
    404,
    'conversation_not_found',
  ],
  [
    'a wrong conversation id',
    { body: { message: 'a', conversation_id: '1 OR 1=1' } },
    400,
    'invalid_request',
    ['conversation_id'],
  ],
  [
    'a prototype',
    { body: '{"message":"a","__proto__":{"stream":false}}', headers: JSON_TYPE },
    400,
    'invalid_request',
    ['__proto__'],
  ],
  ['no content type', { body: '{"message":"a"}' }, 415, 'unsupported_media_type'],
  [
    'text',
    { body: '{"message":"a"}', headers: { 'Content-Type': 'text/plain' } },
    415,
    'unsupported_media_type',
  ],
  [
    'a form',
    { body: 'message=a', headers: { 'Content-Type': 'application/x-www-form-urlencoded' } },
    415,
    'unsupported_media_type',
  ],
  [
    'too much',
    { body: `{"message":"${'x'.repeat(300_000)}"}`, headers: JSON_TYPE },
    413,
    'payload_too_large',
  ],
]

for (const [what, send, status, code, fields] of BODIES) {
  stackTest(
    `POST /api/chat with ${what}: ${status} ${code}, logged, nothing changed`,
    async ({ plan }) => {
      const { client, account } = await signedIn(plan)
      const problem = assertProblem(await client.send('/api/chat', send), status, code)
      assert.deepEqual(
        problem.errors?.map(({ field }) => field),
        fields,
      )
      const row = await awaitLog(plan, problem.request_id)
      assert.deepEqual([row.method, row.path, row.status], ['POST', '/api/chat', status])
      assert.deepEqual(await tracesOf(plan, account.id), NO_TRACES)
    },
    code === 'payload_too_large' ? TOO_LARGE : {},
  )
}

stackTest('what is wrong with a field is said in the person’s language', async ({ plan }) => {
  const { client } = await signedIn(plan)
  const headers = { 'Accept-Language': 'zh-CN' }
  const answer = await client.send('/api/chat', { headers, body: {} })
  const problem = assertProblem(answer, 400, 'invalid_request')
  assert.match(problem.title, /\p{Script=Han}/u)
  assert.match(problem.errors?.[0]?.message ?? '', /\p{Script=Han}/u)
})

stackTest(
  'a body of unknown length stops at the limit, too',
  async ({ plan }) => {
    const { client } = await signedIn(plan)
    const chunk = `10000\r\n${'x'.repeat(0x10000)}\r\n`
    const cookie = [...client.cookies].map((pair) => pair.join('=')).join('; ')
    const answer = await rawExchange(
      plan,
      `POST /api/chat HTTP/1.1\r\nHost: localhost\r\nCookie: ${cookie}\r\nConnection: close\r\n` +
        `Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n${chunk.repeat(5)}0\r\n\r\n`,
    )
    assert.match(answer, /^HTTP\/1\.1 413 /)
    assert.match(answer, /"code":"payload_too_large"/)
  },
  TOO_LARGE,
)

/** Bodies of POST /login that sign nobody in. */
const LOGINS: readonly [Send, number, ProblemCode][] = [
  [{ body: '{', headers: JSON_TYPE }, 400, 'invalid_json'],
  [{ body: {} }, 400, 'invalid_request'],
  [{ body: { username: 'a' } }, 400, 'invalid_request'],
  [{ body: { username: ['a'], password: { $ne: 1 } } }, 400, 'invalid_request'],
  [{ body: { username: 'a', password: 'b', role: 'admin' } }, 400, 'invalid_request'],
  [{ body: { username: 'x'.repeat(65), password: 'b' } }, 400, 'invalid_request'],
  [{ body: { username: 'a', password: 'x'.repeat(257) } }, 400, 'invalid_request'],
  [{ body: { username: "' OR '1'='1", password: "' OR '1'='1" } }, 401, 'invalid_credentials'],
  [
    { body: 'username=a', headers: { 'Content-Type': 'text/plain' } },
    415,
    'unsupported_media_type',
  ],
]

stackTest('POST /login with anything but name and password signs nobody in', async ({ plan }) => {
  for (const [send, status, code] of LOGINS) {
    const client = new Client(plan)
    assertProblem(await client.send('/login', send), status, code)
    assert.equal(client.cookies.size, 0)
  }
})

stackTest('POST /admin/api_key with a bad key stores nothing', async ({ plan }) => {
  const { client } = await signedIn(plan, 'admin')
  const keys = () => sqlRows(plan, 'SELECT id, alias, last4, enabled, weight FROM api_keys')
  const before = await keys()
  for (const body of [
    {},
    { api_key: '' },
    { api_key: 'with a space' },
    { api_key: 'sk-012345678901234567890123', alias: '' },
    { api_key: 'sk-012345678901234567890123', weight: 0 },
    { api_key: 'sk-012345678901234567890123', weight: '1' },
    { api_key: 'sk-012345678901234567890123', base_url: 'http://evil.example' },
    { api_key: 'sk-012345678901234567890123', base_url: 'file:///etc/passwd' },
    { api_key: 'sk-012345678901234567890123', surprise: true },
  ]) {
    const answer = await client.send('/admin/api_key', { body })
    assert.equal(answer.status, 400, JSON.stringify(body))
    assertProblem(answer, 400, 'invalid_request')
  }
  assert.deepEqual(await keys(), before)
})
