import assert from 'node:assert/strict'
import { statSync } from 'node:fs'
import { dirname } from 'node:path'
import { GATE_HEADERS } from '#contract/headers.ts'
import { makeAccount, signedIn } from '../support/accounts.ts'
import { Client } from '../support/client.ts'
import { plainHttp } from '../support/plain-http.ts'
import { assertProblem } from '../support/problem.ts'
import { awaitLog } from '../support/proxy-log.ts'
import { withRedis } from '../support/redis.ts'
import { sessionOf } from '../support/session.ts'
import { useStack } from '../support/test-stack.ts'

const { stackTest } = useStack()

stackTest('whoever says who they are in a header is nobody', async ({ plan }) => {
  const admin = await makeAccount(plan, 'admin')
  const claims = {
    [GATE_HEADERS.user]: admin.id,
    [GATE_HEADERS.role]: 'admin',
    [GATE_HEADERS.session]: 'a'.repeat(64),
    [GATE_HEADERS.secret]: plan.gate.workerSecret,
  }
  const client = new Client(plan)
  for (const path of ['/api/me', '/admin/api/keys', '/api/usage/summary']) {
    assertProblem(await client.send(path, { headers: claims }), 401, 'unauthenticated')
  }
  // Somebody signed in stays who they are.
  const { client: user, account } = await signedIn(plan)
  const me = await user.send('/api/me', { headers: claims })
  assert.equal(me.json()['id'], account.id)
  assert.equal(me.json()['role'], 'user')
  assertProblem(await user.send('/admin/api/keys', { headers: claims }), 403, 'admin_only')
  // Where nobody has to be signed in, a claimed session is not ended either.
  const other = await signedIn(plan)
  const { hash } = sessionOf(plan, other.client)
  await client.send('/logout', {
    headers: {
      [GATE_HEADERS.user]: other.account.id,
      [GATE_HEADERS.role]: 'user',
      [GATE_HEADERS.session]: hash,
      [GATE_HEADERS.revoke]: `${other.account.id}:${hash}`,
    },
  })
  assert.equal((await other.client.send('/api/me')).status, 200)
})

stackTest('a claimed address reaches neither log nor session', async ({ plan }) => {
  const account = await makeAccount(plan)
  const client = new Client(plan, '127.0.0.9')
  const answer = await client.send('/login', {
    body: { username: account.username, password: account.password },
    headers: {
      'X-Real-IP': '198.51.100.1',
      'X-Forwarded-For': '198.51.100.2, 198.51.100.3',
      Forwarded: 'for=198.51.100.4;host=evil.example;proto=http',
      'X-Forwarded-Host': 'evil.example',
      'X-Forwarded-Proto': 'http',
    },
  })
  assert.equal(answer.status, 200)
  const { key } = sessionOf(plan, client)
  assert.equal(await withRedis(plan, (redis) => redis.hget(key, 'ip')), '127.0.0.9')
  assert.equal((await awaitLog(plan, String(answer.headers['x-request-id']))).ip, '127.0.0.9')
})

stackTest('the worker refuses whoever does not come through the gate', async ({ plan }) => {
  const admin = await makeAccount(plan, 'admin')
  const identity = {
    Host: 'localhost',
    [GATE_HEADERS.user]: admin.id,
    [GATE_HEADERS.role]: 'admin',
    [GATE_HEADERS.session]: 'a'.repeat(64),
  }
  const { workerSecret } = plan.gate
  const ask = (path: string, secret?: string) =>
    plainHttp({
      to: plan.layout.sockets.worker,
      path,
      headers: { ...identity, ...(secret !== undefined && { [GATE_HEADERS.secret]: secret }) },
    })
  for (const path of ['/api/me', '/admin/api/keys', '/login', '/healthz', '/readyz', '/nothing']) {
    for (const secret of [undefined, '', 'wrong', workerSecret.slice(0, -1), `${workerSecret}x`]) {
      const answer = await ask(path, secret)
      assert.equal(answer.status, 403, `${path} with ${secret}`)
      assert.equal(JSON.parse(answer.text).code, 'gate_required')
    }
  }
  // With the secret the very same request is answered, so it is the secret that was missing.
  const answer = await ask('/api/me', workerSecret)
  assert.equal(answer.status, 200)
  assert.equal(JSON.parse(answer.text).id, admin.id)
})

stackTest('nobody but this account reaches the sockets inside', async ({ plan }) => {
  const { worker, redis, bridge, mysql } = plan.layout.sockets
  for (const path of [worker, redis]) assert.equal(statSync(path).mode & 0o077, 0, path)
  // nginx and MySQL make theirs open to all; the folder closes them.
  for (const path of [worker, redis, bridge, mysql]) {
    assert.ok(statSync(path).isSocket(), path)
    assert.equal(statSync(dirname(path)).mode & 0o077, 0, path)
  }
})

stackTest(
  'a user who is no admin gets a page at /admin and a problem from its API',
  async ({ plan }) => {
    const { client } = await signedIn(plan)
    const page = await client.send('/admin', { headers: { Accept: 'text/html' } })
    assert.equal(page.status, 403)
    assert.match(String(page.headers['content-type']), /^text\/html/)
    assert.match(page.text, /Administrators only/)
    const chinese = await client.send('/admin', {
      headers: { Accept: 'text/html', 'Accept-Language': 'zh-CN' },
    })
    assert.equal(chinese.status, 403)
    assert.match(chinese.text, /<html lang="zh-CN">/)
    for (const [path, method] of [
      ['/admin/api/keys', 'GET'],
      ['/admin/api/logs', 'GET'],
      ['/admin/api/usage/summary', 'GET'],
      ['/admin/api_key', 'POST'],
      ['/admin/anything', 'DELETE'],
      ['/admin/', 'GET'],
    ] as const) {
      const answer = await client.send(path, { method, ...(method === 'POST' && { body: {} }) })
      const { request_id } = assertProblem(answer, 403, 'admin_only')
      assert.equal((await awaitLog(plan, request_id)).upstream_status, null)
    }
  },
)

stackTest('an admin gets both', async ({ plan }) => {
  const { client } = await signedIn(plan, 'admin')
  assert.equal((await client.send('/admin')).status, 200)
  assert.equal((await client.send('/admin/api/keys')).status, 200)
})

stackTest('the ways inside nginx are closed from outside', async ({ plan }) => {
  const { client } = await signedIn(plan, 'admin')
  for (const path of [
    '/_redis',
    '/_login',
    '/_error',
    '/_pages/en/chat.html',
    '/@flush',
    '/en/chat.html',
    '/zh-CN/admin.html',
    '/healthz/x',
    '/readyz',
    '/metrics',
  ]) {
    assert.equal((await client.send(path)).status, 404, path)
    assert.equal((await client.send(path, { body: '*1\r\n$4\r\nPING\r\n' })).status, 404, path)
  }
  for (const path of ['/assets/../en/chat.html', '/assets/%2e%2e/en/admin.html', '//chat']) {
    assert.notEqual((await new Client(plan).send(path)).status, 200, path)
  }
})
