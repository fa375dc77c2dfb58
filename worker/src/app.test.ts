import assert from 'node:assert/strict'
import { Writable } from 'node:stream'
import { test } from 'node:test'
import { pino } from 'pino'
import type { Problem } from '#contract/problem.ts'
import { createApp } from './app.ts'
import { fakeDeps, gateHeaders, jsonOf } from './fake-deps.ts'

const JSON_TYPE = { 'Content-Type': 'application/json' }
const REQUEST_ID = '0123456789abcdef0123456789abcdef'

function login(body: string, headers: Record<string, string> = JSON_TYPE): RequestInit {
  return { method: 'POST', body, headers: { ...gateHeaders(), ...headers } }
}

async function problem(response: Response): Promise<Problem> {
  assert.equal(response.headers.get('Content-Type'), 'application/problem+json')
  return await jsonOf<Problem>(response)
}

test('who does not know the secret learns nothing, whatever is asked', async () => {
  const app = createApp(fakeDeps())
  const { 'X-Gate-Secret': secret = '' } = gateHeaders()
  for (const wrong of [undefined, '', 'x', secret.slice(1), `${secret}x`]) {
    for (const path of ['/healthz', '/api/me', '/nowhere']) {
      const headers = {
        'X-Request-Id': REQUEST_ID,
        'Accept-Language': 'zh',
        ...(wrong !== undefined && { 'X-Gate-Secret': wrong }),
      }
      const response = await app.request(path, { headers })
      assert.equal(response.status, 403)
      const body = await problem(response)
      assert.equal(body.code, 'gate_required')
      assert.notEqual(body.request_id, REQUEST_ID)
      assert.equal(body.title, 'Not through the gate')
    }
  }
})

test('health is the process, readiness is what it needs', async () => {
  const app = createApp(fakeDeps())
  const health = await app.request('/healthz', { headers: gateHeaders() })
  assert.deepEqual(await health.json(), { status: 'ok' })
  const ready = await app.request('/readyz', { headers: gateHeaders() })
  assert.equal(ready.status, 503)
  assert.deepEqual(await ready.json(), {
    status: 'not_ready',
    mysql: 'up',
    redis: 'down',
    draining: false,
  })
})

test('a request that another site makes a browser send is refused', async () => {
  const app = createApp(fakeDeps())
  const ask = async (headers: Record<string, string>) => {
    const all = { ...gateHeaders('2'), Host: 'chat.example:8443', ...headers }
    return (await app.request('/logout', { method: 'POST', headers: all })).status
  }
  assert.equal(await ask({ 'Sec-Fetch-Site': 'same-origin' }), 303)
  assert.equal(await ask({ 'Sec-Fetch-Site': 'none' }), 303)
  assert.equal(await ask({ 'Sec-Fetch-Site': 'same-site' }), 403)
  assert.equal(await ask({ 'Sec-Fetch-Site': 'cross-site' }), 403)
  assert.equal(await ask({ Origin: 'https://chat.example:8443' }), 303)
  assert.equal(await ask({ Origin: 'https://evil.example' }), 403)
  assert.equal(await ask({ Origin: 'null' }), 403)
  assert.equal(await ask({}), 303)
})

/** Every method and address that the application knows. */
function allRoutes(): readonly { readonly method: string; readonly path: string }[] {
  const { routes } = createApp(fakeDeps())
  const own = routes.filter(({ method }) => method !== 'ALL')
  return own.map(({ method, path }) => ({ method, path: path.replaceAll(/:\w+/g, '1') }))
}

async function codeOf(route: { method: string; path: string }, headers: Record<string, string>) {
  const { method, path } = route
  const response = await createApp(fakeDeps()).request(path, { method, headers })
  const body = await jsonOf<{ code?: string; error?: { code: string } }>(response)
  return body.code ?? body.error?.code
}

/** APIs for people who cannot sign in. */
const OPEN: ReadonlySet<string> = new Set(['/api/password-reset'])

test('no route is outside the rules: gate, same site, identity', async () => {
  const routes = allRoutes()
  assert.ok(routes.length > 20)
  const admin = gateHeaders('1', 'admin')
  for (const route of routes) {
    const what = `${route.method} ${route.path}`
    const { 'X-Gate-Secret': _secret, ...outside } = admin
    assert.equal(await codeOf(route, outside), 'gate_required', what)
    if (route.method !== 'GET') {
      const crossSite = { ...admin, 'Sec-Fetch-Site': 'cross-site' }
      assert.equal(await codeOf(route, crossSite), 'cross_site', what)
    }
    if (/^\/(?:api|admin)/.test(route.path) && !OPEN.has(route.path)) {
      assert.equal(await codeOf(route, gateHeaders()), 'unauthenticated', what)
    }
    if (route.path.startsWith('/admin')) {
      assert.equal(await codeOf(route, gateHeaders('2')), 'admin_only', what)
    }
    if (route.path.startsWith('/v1')) {
      assert.equal(await codeOf(route, gateHeaders('2')), 'invalid_api_key', what)
    }
  }
})

test('who has not chosen the password yet can do nothing but that', async () => {
  const deps = fakeDeps()
  for (const user of deps.accounts.values()) deps.accounts.set(user.id, { ...user, mustChange: 1 })
  const app = createApp(deps)
  const program = { ...gateHeaders(), 'X-Gate-User': '1', 'X-Gate-Token': '7' }
  for (const { method, path } of allRoutes()) {
    const headers = path.startsWith('/v1') ? program : gateHeaders('1', 'admin')
    const response = await app.request(path, { method, headers })
    const text = await response.text()
    const isChange = path === '/api/me/password' || path === '/api/password-reset'
    const isOpen = !/^\/(?:api|admin|v1)/.test(path) || isChange
    assert.equal(text.includes('"password_change_required"'), !isOpen, `${method} ${path}: ${text}`)
    if (!isOpen) assert.equal(response.status, 403)
  }
  // Nor does another spelling of the way out lead anywhere else.
  for (const path of ['/api/me/password/', '/api/me/password/x', '/api//me/password']) {
    const response = await app.request(path, { method: 'POST', headers: gateHeaders('1', 'admin') })
    assert.equal(response.status, 403, path)
  }
})

test('an unknown address is 404, a wrong method is 405 and says which are right', async () => {
  const app = createApp(fakeDeps())
  const unknown = await app.request('/nowhere', { headers: gateHeaders() })
  assert.equal(unknown.status, 404)
  assert.equal((await problem(unknown)).code, 'not_found')
  const ask = async (method: string, path: string) => {
    const response = await app.request(path, { method, headers: gateHeaders() })
    return [response.status, response.headers.get('Allow')]
  }
  assert.deepEqual(await ask('GET', '/login'), [405, 'POST'])
  assert.deepEqual(await ask('DELETE', '/logout'), [405, 'GET, HEAD, POST'])
  assert.deepEqual(await ask('PUT', '/api/me'), [405, 'GET, HEAD, PATCH'])
  assert.deepEqual(await ask('HEAD', '/healthz'), [200, null])
})

test('a body that is too large, of another type or no JSON is refused as such', async () => {
  const app = createApp(fakeDeps())
  const code = async (init: RequestInit) => {
    const response = await app.request('/login', init)
    return [response.status, (await problem(response)).code]
  }
  const large = JSON.stringify({ username: 'a', password: 'b'.repeat(256 * 1024) })
  assert.deepEqual(await code(login(large)), [413, 'payload_too_large'])
  const declared = { ...JSON_TYPE, 'Content-Length': String(256 * 1024 + 1) }
  assert.deepEqual(await code(login('{}', declared)), [413, 'payload_too_large'])
  for (const type of ['text/plain', 'multipart/form-data', 'application/jsonp', '']) {
    const init = login('{}', { 'Content-Type': type })
    assert.deepEqual(await code(init), [415, 'unsupported_media_type'], type)
  }
  for (const body of ['', '{', "{'a':1}", '{} x']) {
    assert.deepEqual(await code(login(body)), [400, 'invalid_json'], body)
  }
  const broken = { ...login(''), body: new Uint8Array([0x22, 0xff, 0x22]) }
  assert.deepEqual(await code(broken), [400, 'invalid_json'])
  const charset = { 'Content-Type': 'Application/JSON; charset=utf-8' }
  assert.deepEqual(await code(login('[]', charset)), [400, 'invalid_request'])
})

test('each wrong field is named, in the language of the request', async () => {
  const app = createApp(fakeDeps())
  const body = JSON.stringify({ username: '', passwrd: 'x' })
  const english = await problem(
    await app.request('/login', login(body, { ...JSON_TYPE, 'X-Request-Id': REQUEST_ID })),
  )
  assert.deepEqual(english.errors?.map(({ field }) => field).sort(), [
    'password',
    'passwrd',
    'username',
  ])
  assert.equal(english.request_id, REQUEST_ID)
  assert.equal(english.title, 'Invalid request')
  const chinese = await problem(
    await app.request('/login', login(body, { ...JSON_TYPE, Cookie: 'lang=zh-CN' })),
  )
  assert.equal(chinese.title, '请求参数有误')
  assert.match(chinese.errors?.[0]?.message ?? '', /[\u4e00-\u9fff]/)
})

test('an unexpected error is answered without a word of it, and logged', async () => {
  const lines: string[] = []
  const stream = new Writable({
    write(chunk, _encoding, done) {
      lines.push(String(chunk))
      done()
    },
  })
  const deps = fakeDeps({ log: pino(stream) })
  const app = createApp({
    ...deps,
    users: { ...deps.users, findByUsername: () => Promise.reject(new Error('table of secrets')) },
  })
  const body = JSON.stringify({ username: 'anna', password: 'ANNA' })
  const headers = { ...JSON_TYPE, 'X-Request-Id': REQUEST_ID }
  const response = await app.request('/login?token=hidden', login(body, headers))
  assert.equal(response.status, 500)
  const text = await response.text()
  assert.match(text, /"code":"internal"/)
  assert.doesNotMatch(text, /secrets/)
  const [failure = '', request = ''] = lines
  assert.match(failure, /table of secrets/)
  assert.match(failure, new RegExp(REQUEST_ID))
  const { method, path, status, requestId } = JSON.parse(request)
  assert.deepEqual(
    { method, path, status, requestId },
    { method: 'POST', path: '/login', status: 500, requestId: REQUEST_ID },
  )
  assert.doesNotMatch(lines.join(''), /ANNA|hidden/)
})

test('no answer may be stored on its way', async () => {
  const app = createApp(fakeDeps())
  for (const path of ['/healthz', '/nowhere', '/api/me', '/logout']) {
    const response = await app.request(path, { headers: gateHeaders() })
    assert.equal(response.headers.get('Cache-Control'), 'no-store', path)
  }
})

test('a worker that is stopping is not ready and closes each connection after its answer', async () => {
  let draining = false
  const app = createApp(fakeDeps({ isDraining: () => draining }))
  const before = await app.request('/healthz', { headers: gateHeaders() })
  assert.equal(before.headers.get('Connection'), null)
  draining = true
  const after = await app.request('/readyz', { headers: gateHeaders() })
  assert.equal(after.headers.get('Connection'), 'close')
  assert.equal((await jsonOf<{ draining: boolean }>(after)).draining, true)
})
