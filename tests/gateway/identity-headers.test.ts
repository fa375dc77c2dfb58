/** What reaches the worker: who the gate says it is, and nothing that a client claims. */

import assert from 'node:assert/strict'
import { GATE_HEADERS } from '#contract/headers.ts'
import type { Plan } from '../../scripts/stack/plan.ts'
import { signedIn } from '../support/accounts.ts'
import { Client, type Send } from '../support/client.ts'
import { ROOMY } from '../support/own-stack.ts'
import { plainHttp } from '../support/plain-http.ts'
import { type RecordedRequest, recordingWorker } from '../support/recording-worker.ts'
import { sessionOf } from '../support/session.ts'
import { useStack } from '../support/test-stack.ts'

// A stack of its own, because its worker is exchanged.
const { stackTest } = useStack({ ...ROOMY })

/** Stands in every header that a client has no business to send. */
const CLAIMED = 'claimed'

const CLAIMS: Readonly<Record<string, string>> = {
  ...Object.fromEntries(Object.values(GATE_HEADERS).map((name) => [name, CLAIMED])),
  'X-Gate-Anything-Else': CLAIMED,
  X_Gate_User: CLAIMED,
  'X-Real-IP': CLAIMED,
  'X-Forwarded-For': CLAIMED,
  'X-Forwarded-Proto': CLAIMED,
  'X-Forwarded-Host': CLAIMED,
  'X-Forwarded-Port': CLAIMED,
  'X-Forwarded-Anything': CLAIMED,
  Forwarded: `for=${CLAIMED}`,
  'True-Client-IP': CLAIMED,
  'X-Request-Id': CLAIMED,
  Authorization: `Bearer ${CLAIMED}`,
  'Proxy-Authorization': CLAIMED,
  'X-Original-URL': `/${CLAIMED}`,
  'X-HTTP-Method-Override': CLAIMED,
}

/** What the worker may be told of the client in its own words. */
const PASSED_ON: Readonly<Record<string, string>> = {
  accept: 'application/json',
  'accept-language': 'zh-CN',
  'if-none-match': '"x"',
  'last-event-id': 'r0.c7',
  'sec-fetch-site': 'same-origin',
  'user-agent': 'test/1',
}

/** Every kind of location that leads to the worker. */
const OPEN: readonly [string, Send][] = [
  ['/login', { body: { username: 'a', password: 'b' } }],
  ['/logout', { method: 'POST' }],
  ['/logout', {}],
]
const SIGNED_IN: readonly [string, Send][] = [
  ['/api/me', {}],
  ['/api/chat', { body: { message: 'hello' } }],
  [`/api/chat/${'0'.repeat(32)}/events`, {}],
  [`/api/chat/${'0'.repeat(32)}/stop`, { method: 'POST' }],
  ['/admin/api/keys', {}],
  ['/admin/api_key', { body: { api_key: 'sk' } }],
]

async function record(plan: Plan, client: Client, asks: readonly [string, Send][]) {
  const ids: string[] = []
  const recorded = await recordingWorker(plan, async () => {
    // Its connection is to a process that is going.
    client.close()
    for (const [path, send] of asks) {
      const headers = { ...PASSED_ON, ...CLAIMS, ...send.headers }
      const answer = await client.send(path, { ...send, headers })
      assert.equal(answer.status, 204, `${path}: ${answer.text}`)
      ids.push(String(answer.headers['x-request-id']))
    }
  })
  assert.deepEqual(
    recorded.map(({ path }) => path),
    asks.map(([path]) => path),
  )
  return recorded.map((request, index) => ({ request, id: ids[index] ?? '' }))
}

/** Asserts what is the same in every request, and returns the rest of the X-Gate-* headers. */
function assertOnlyTheGate(plan: Plan, request: RecordedRequest, id: string) {
  const what = `${request.method} ${request.path}`
  const {
    host,
    cookie,
    'x-gate-secret': secret,
    'x-request-id': requestId,
    ...rest
  } = request.headers
  assert.deepEqual(host, [`localhost:${plan.settings.httpsPort}`], what)
  assert.deepEqual(secret, [plan.gate.workerSecret], what)
  assert.deepEqual(requestId, [id], what)
  assert.match(id, /^[0-9a-f]{32}$/)
  assert.deepEqual(cookie, ['lang=zh-CN'], what)
  for (const [name, value] of Object.entries(PASSED_ON)) {
    assert.deepEqual(rest[name], [value], `${name} of ${what}`)
  }
  for (const [name, value] of Object.entries({
    'x-real-ip': '127.0.0.1',
    'x-forwarded-for': '127.0.0.1',
    'x-forwarded-proto': 'https',
  })) {
    assert.deepEqual(rest[name], [value], `${name} of ${what}`)
  }
  assert.doesNotMatch(JSON.stringify(request.headers), new RegExp(CLAIMED), what)
  const known = [...Object.keys(PASSED_ON), 'content-type', 'content-length', 'transfer-encoding']
  const others = Object.entries(rest).filter(
    ([name]) => !known.includes(name) && !/^x-(?:real-ip|forwarded-(?:for|proto))$/.test(name),
  )
  return Object.fromEntries(others)
}

stackTest('where somebody is signed in, the worker learns who, from the gate', async ({ plan }) => {
  const { client, account } = await signedIn(plan, 'admin')
  const { hash } = sessionOf(plan, client)
  client.cookies.set('lang', 'zh-CN')
  client.cookies.set('tracking', CLAIMED)
  for (const { request, id } of await record(plan, client, SIGNED_IN)) {
    const slot = request.path === '/api/chat' ? { 'x-gate-slot': ['streams'] } : {}
    assert.deepEqual(assertOnlyTheGate(plan, request, id), {
      'x-gate-user': [account.id],
      'x-gate-role': ['admin'],
      'x-gate-session': [hash],
      ...slot,
    })
  }
})

stackTest('where nobody has to be, a claim makes nobody of a stranger', async ({ plan }) => {
  const client = new Client(plan)
  client.cookies.set('lang', 'zh-CN')
  for (const { request, id } of await record(plan, client, OPEN)) {
    assert.deepEqual(assertOnlyTheGate(plan, request, id), {})
  }
})

stackTest('signing out and in again tells whose session was brought', async ({ plan }) => {
  const { client, account } = await signedIn(plan, 'admin')
  const { hash } = sessionOf(plan, client)
  client.cookies.set('lang', 'zh-CN')
  for (const { request, id } of await record(plan, client, OPEN)) {
    assert.deepEqual(assertOnlyTheGate(plan, request, id), {
      'x-gate-user': [account.id],
      // An open address gives nobody an administrator's rights.
      'x-gate-role': ['user'],
      'x-gate-session': [hash],
    })
  }
})

stackTest('the private port claims nothing for anybody either', async ({ plan }) => {
  const recorded = await recordingWorker(plan, async () => {
    await plainHttp({ to: plan.settings.metricsPort, path: '/readyz', headers: CLAIMS })
  })
  const [request] = recorded
  assert.ok(request)
  assert.doesNotMatch(JSON.stringify(request.headers), new RegExp(CLAIMED))
  assert.deepEqual(request.headers['x-gate-user'], undefined)
  assert.deepEqual(request.headers['x-gate-secret'], [plan.gate.workerSecret])
})

stackTest('what is refused never reaches the worker', async ({ plan }) => {
  const { client: user } = await signedIn(plan)
  const stranger = new Client(plan)
  const crossSite = { headers: { 'Sec-Fetch-Site': 'cross-site' } }
  const recorded = await recordingWorker(plan, async () => {
    user.close()
    for (const [path, send] of SIGNED_IN) {
      assert.equal((await stranger.send(path, send)).status, 401, path)
    }
    assert.equal((await stranger.send('/v1/models', { headers: CLAIMS })).status, 401)
    assert.equal((await user.send('/admin/api/keys')).status, 403)
    assert.equal((await user.send('/admin/api_key', { body: { api_key: 'sk' } })).status, 403)
    for (const method of ['POST', 'PUT', 'PATCH', 'DELETE']) {
      assert.equal((await user.send('/api/me', { method, ...crossSite })).status, 403, method)
    }
    for (const method of ['GET', 'HEAD', 'POST', 'DELETE']) {
      assert.equal((await user.send('/logout', { method, ...crossSite })).status, 403, method)
    }
    assert.equal((await user.send('/login', { body: {}, ...crossSite })).status, 403)
    assert.equal((await user.send('/internal/token?uid=1&hash=2')).status, 404)
  })
  assert.deepEqual(recorded, [])
})
