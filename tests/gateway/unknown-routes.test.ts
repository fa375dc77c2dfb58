import assert from 'node:assert/strict'
import type { ProblemCode } from '#contract/problem-codes.ts'
import { signedIn } from '../support/accounts.ts'
import { Client } from '../support/client.ts'
import { assertProblem } from '../support/problem.ts'
import { awaitLog } from '../support/proxy-log.ts'
import { rawExchange } from '../support/raw.ts'
import { useStack } from '../support/test-stack.ts'

const { stackTest } = useStack()

const HTML = { Accept: 'text/html,application/xhtml+xml,*/*;q=0.8' }

stackTest(
  'an unknown address is a page for people and a problem for programs',
  async ({ plan }) => {
    const client = new Client(plan)
    for (const path of ['/nothing', '/chat/', '/Login', '/wp-login.php', '/assets/x.js']) {
      const page = await client.send(path, { headers: HTML })
      assert.equal(page.status, 404)
      assert.match(String(page.headers['content-type']), /^text\/html/)
      assert.match(page.text, /<html lang="en">/)
      assertProblem(await client.send(path), 404, 'not_found')
      assertProblem(await client.send(path, { headers: { Accept: '*/*' } }), 404, 'not_found')
    }
  },
)

stackTest('below /api an unknown address is a problem, whoever asks', async ({ plan }) => {
  const { client } = await signedIn(plan)
  for (const path of ['/api/nothing', '/api/', '/api/chat/', '/api/nothing/stop']) {
    const { request_id } = assertProblem(
      await client.send(path, { headers: HTML }),
      404,
      'not_found',
    )
    assert.equal((await awaitLog(plan, request_id)).upstream_status, 404)
  }
  // Without a session not even that much is told.
  assertProblem(await new Client(plan).send('/api/nothing'), 401, 'unauthenticated')
})

/** Methods that an address does not have, and those that it has. */
const METHODS: readonly [string, string, string][] = [
  ['PUT', '/login', 'GET, HEAD, POST'],
  ['POST', '/chat', 'GET, HEAD'],
  ['DELETE', '/dashboard', 'GET, HEAD'],
  ['PUT', '/admin', 'GET, HEAD'],
  ['GET', '/api/chat', 'POST'],
  ['OPTIONS', '/api/chat', 'POST'],
  ['POST', '/api/me', 'GET, HEAD, PATCH'],
  ['DELETE', '/api/usage/summary', 'GET, HEAD'],
  ['GET', '/admin/api_key', 'POST'],
  ['PUT', '/logout', 'GET, HEAD, POST'],
]

stackTest('a wrong method is 405 and the right ones are named', async ({ plan }) => {
  const { client } = await signedIn(plan, 'admin')
  for (const [method, path, allow] of METHODS) {
    const answer = await client.send(path, { method })
    const { request_id } = assertProblem(answer, 405, 'method_not_allowed')
    assert.equal(answer.headers.allow, allow, `${method} ${path}`)
    const row = await awaitLog(plan, request_id)
    assert.deepEqual([row.method, row.path, row.status], [method, path, 405])
  }
})

stackTest('TRACE and CONNECT are refused everywhere', async ({ plan }) => {
  for (const line of ['TRACE /api/me', 'TRACE /chat', 'CONNECT localhost:443']) {
    const answer = await rawExchange(
      plan,
      `${line} HTTP/1.1\r\nHost: localhost\r\nX-Echo: secret\r\nConnection: close\r\n\r\n`,
    )
    assert.match(answer, /^HTTP\/1\.1 4(?:00|05) /, line)
    assert.doesNotMatch(answer, /secret/)
  }
})

/** Requests larger or odder than nginx takes: what is sent, status, code. */
const LIMITS: readonly [string, string, number, ProblemCode][] = [
  ['a long address', `GET /${'x'.repeat(8200)} HTTP/1.1\r\nHost: localhost`, 414, 'uri_too_long'],
  [
    'a long header',
    `GET /api/me HTTP/1.1\r\nHost: localhost\r\nX-Long: ${'x'.repeat(8200)}`,
    431,
    'header_too_large',
  ],
  [
    'many headers',
    `GET /api/me HTTP/1.1\r\nHost: localhost${'\r\nX-Many: 1'.repeat(120)}`,
    431,
    'header_too_large',
  ],
  ['no Host', 'GET /api/me HTTP/1.1', 400, 'bad_request'],
  [
    'two Hosts',
    'GET /api/me HTTP/1.1\r\nHost: localhost\r\nHost: evil.example',
    400,
    'bad_request',
  ],
  ['a wrong Host', 'GET /api/me HTTP/1.1\r\nHost: local host', 400, 'bad_request'],
  [
    'a length that is no number',
    'POST /api/chat HTTP/1.1\r\nHost: localhost\r\nContent-Length: ten',
    400,
    'bad_request',
  ],
  [
    'two lengths',
    'POST /api/chat HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\nContent-Length: 2',
    400,
    'bad_request',
  ],
  [
    'a path out of the root',
    'GET /../../etc/passwd HTTP/1.1\r\nHost: localhost',
    400,
    'bad_request',
  ],
  ['a zero byte in the path', 'GET /chat%00.html HTTP/1.1\r\nHost: localhost', 400, 'bad_request'],
]

for (const [what, head, status, code] of LIMITS) {
  stackTest(`${what} is answered with ${status} ${code} and logged`, async ({ plan }) => {
    const answer = await rawExchange(plan, `${head}\r\nConnection: close\r\n\r\n`)
    assert.match(answer, new RegExp(`^HTTP/1\\.1 ${status} `))
    const body = JSON.parse(answer.slice(answer.indexOf('\r\n\r\n') + 4))
    assert.deepEqual([body.status, body.code], [status, code])
    const row = await awaitLog(plan, body.request_id)
    assert.equal(row.status, status)
    assert.equal(row.upstream_status, null)
  })
}

stackTest('a request hidden behind two lengths is not answered', async ({ plan }) => {
  const hidden = 'GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n'
  const answer = await rawExchange(
    plan,
    'POST /api/chat HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\n' +
      `Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n${hidden}`,
  )
  assert.match(answer, /^HTTP\/1\.1 400 /)
  assert.equal(answer.match(/^HTTP\/1\.1 /gm)?.length, 1)
})
