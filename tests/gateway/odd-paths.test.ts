import assert from 'node:assert/strict'
import { signedIn } from '../support/accounts.ts'
import { assertProblem } from '../support/problem.ts'
import { awaitLog } from '../support/proxy-log.ts'
import { rawExchange } from '../support/raw.ts'
import { useStack } from '../support/test-stack.ts'

const { stackTest } = useStack()

/** Paths that nginx and a URL parser read differently, and where each would lead. */
const ODD: readonly [string, string][] = [
  ['POST', '/api/a%2fb/../chat'],
  ['POST', '/api/a%2fb/../../login'],
  ['GET', '/api/a%2fb/../../admin/api/keys'],
  ['GET', '/api/%6de'],
  ['GET', '/api//me'],
  ['GET', '/api/./me'],
  ['GET', '/api/x/..'],
  ['GET', '/api/..?x=1'],
  ['GET', '/assets/../api/me'],
  ['POST', '/assets/../login'],
  ['GET', '/healthz/../admin/api/keys'],
  ['GET', '/_error/../api/me'],
  ['GET', '/api/%2e%2e/chat'],
  ['GET', '/api/m\u00e9'],
  ['GET', '/api/me?a=\u00e9'],
]

for (const [method, path] of ODD) {
  stackTest(`${method} ${path} is refused and logged, the worker is not called`, async (stack) => {
    const { client } = await signedIn(stack.plan, 'admin')
    const cookie = [...client.cookies].map(([name, value]) => `${name}=${value}`).join('; ')
    const answer = await rawExchange(
      stack.plan,
      `${method} ${path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nCookie: ${cookie}\r\n` +
        'Content-Type: application/json\r\nContent-Length: 2\r\n\r\n{}',
    )
    assert.match(answer, /^HTTP\/1\.1 400 /)
    assert.match(answer, /"code":"bad_request"/)
    const id = /^x-request-id: ([0-9a-f]{32})\r?$/im.exec(answer)?.[1] ?? ''
    const row = await awaitLog(stack.plan, id)
    assert.equal(row.status, 400)
    assert.equal(row.path, path.split('?')[0])
    assert.equal(row.upstream_status, null)
  })
}

stackTest('a query may hold anything', async ({ plan }) => {
  const { client } = await signedIn(plan)
  assert.equal((await client.send('/chat?next=%2Fchat%3F//..\\')).status, 200)
  // What it does not know is for the worker to refuse.
  const refused = await client.send('/api/me?next=%2Fchat%3F//..\\')
  assertProblem(refused, 400, 'invalid_request')
})

stackTest('a name that begins with a dot is only unknown', async ({ plan }) => {
  const { client } = await signedIn(plan)
  assert.equal((await client.send('/.well-known/nothing')).status, 404)
})
