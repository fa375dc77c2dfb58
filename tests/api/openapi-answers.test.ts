/** What the running service answers is what its OpenAPI document says: no field more and none less. */

import assert from 'node:assert/strict'
import type { Plan } from '../../scripts/stack/plan.ts'
import { signedIn } from '../support/accounts.ts'
import { startChat } from '../support/chat.ts'
import { type Answer, Client, type Send } from '../support/client.ts'
import { say } from '../support/conversations.ts'
import { documentOf } from '../support/document-of.ts'
import { type AnswerCheck, answerCheck } from '../support/documented-answer.ts'
import {
  type Document,
  type Operation,
  operationFor,
  operationsIn,
  schemaIn,
} from '../support/openapi.ts'
import { makeToken, Program } from '../support/program.ts'
import { useStack } from '../support/test-stack.ts'

const { stackTest } = useStack()

interface Told extends AnswerCheck {
  readonly document: Document
  readonly operations: readonly Operation[]
}

let told: Told | undefined

async function toldBy(plan: Plan): Promise<Told> {
  if (told === undefined) {
    const document = await documentOf(plan)
    told = { document, operations: operationsIn(document), ...answerCheck(document) }
  }
  return told
}

/** Operations that have been answered with success. */
const met = new Set<string>()

/** Sends a request, checks the answer, and returns it. @param status that is meant */
async function ask(
  plan: Plan,
  who: Pick<Client, 'send'>,
  path: string,
  status: number,
  options: Send = {},
): Promise<Answer> {
  const { operations, check } = await toldBy(plan)
  const method = options.method ?? (options.body === undefined ? 'GET' : 'POST')
  const operation = operationFor(operations, method, path.replace(/\?.*$/, ''))
  assert.ok(operation !== undefined, `${method} ${path} is not documented`)
  const answer = await who.send(path, options)
  assert.equal(answer.status, status, `${method} ${path}: ${answer.text}`)
  check(operation, answer)
  if (status < 400) met.add(operation.operationId)
  return answer
}

const FORM = { 'Content-Type': 'application/x-www-form-urlencoded' }

stackTest('signing in and out', async ({ plan }) => {
  const { account } = await signedIn(plan)
  const { username, password } = account
  const client = new Client(plan)
  await ask(plan, client, '/login', 200, { body: { username, password } })
  await ask(plan, client, '/logout', 303)
  await ask(plan, client, '/login', 401, { body: { username, password: `${password}x` } })
  const form = `username=${username}&password=${password}`
  await ask(plan, client, '/login?next=/dashboard', 303, { headers: FORM, body: form })
  await ask(plan, client, '/logout?everywhere=1', 303, { method: 'POST' })
  await ask(plan, client, '/logout', 403, { headers: { 'Sec-Fetch-Site': 'cross-site' } })
})

stackTest('one’s own account', async ({ plan }) => {
  const { client, account } = await signedIn(plan)
  const { username, password } = account
  await new Client(plan).signIn(username, password)
  await ask(plan, client, '/api/me', 200)
  const listed = await ask(plan, client, '/api/me/sessions', 200)
  const { sessions } = listed.json<{ sessions: { id: string; current: boolean }[] }>()
  const other = sessions.find(({ current }) => !current)
  await ask(plan, client, `/api/me/sessions/${other?.id}`, 204, { method: 'DELETE' })
  await ask(plan, client, `/api/me/sessions/${other?.id}`, 404, { method: 'DELETE' })
  await ask(plan, client, '/api/me/sessions', 204, { method: 'DELETE' })
  const change = { current_password: password, new_password: `another ${password}` }
  await ask(plan, client, '/api/me/password', 204, { body: change })
  await ask(plan, client, '/api/me/password', 400, { body: change })
  const admin = await signedIn(plan, 'admin')
  await ask(plan, admin.client, '/api/me', 200)
})

stackTest('access tokens', async ({ plan }) => {
  const { client } = await signedIn(plan)
  const made = await ask(plan, client, '/api/tokens', 201, {
    body: { name: 'a', expires_in_days: 9 },
  })
  await ask(plan, client, '/api/tokens', 201, { body: { name: 'b' } })
  const { id, token } = made.json<{ id: string; token: string }>()
  assert.equal((await new Program(plan, token).models()).status, 200)
  await ask(plan, client, '/api/tokens', 200)
  await ask(plan, client, `/api/tokens/${id}`, 204, { method: 'DELETE' })
  await ask(plan, client, `/api/tokens/${id}`, 404, { method: 'DELETE' })
})

stackTest('chats, streamed and whole, read again and stopped', async ({ plan }) => {
  const { client } = await signedIn(plan, 'user', 'chat=100')
  await ask(plan, client, '/api/models', 200)
  const body = { message: `${say('hello')} reasoning=3`, thinking: true }
  const whole = await ask(plan, client, '/api/chat', 200, { body: { ...body, stream: false } })
  const { generation_id: id, conversation_id } = whole.json<Record<string, string>>()
  const streamed = await ask(plan, client, '/api/chat', 200, { body: { ...body, conversation_id } })
  assert.match(streamed.text, /event: reasoning/)
  const cut = await ask(plan, client, '/api/chat', 200, {
    body: { message: 'standin: delay=0 error=2' },
  })
  assert.match(cut.text, /event: error/)
  await ask(plan, client, `/api/chat/${id}/events`, 200)
  const position = { headers: { 'Last-Event-ID': 'r0.c2' } }
  await ask(plan, client, `/api/chat/${id}/events`, 200, position)
  await ask(plan, client, `/api/chat/${id}/stop`, 204, { method: 'POST' })
  await ask(plan, client, `/api/chat/${'0'.repeat(32)}/stop`, 404, { method: 'POST' })
  await ask(plan, client, '/api/chat', 400, { body: {} })
  await ask(plan, client, '/api/chat', 404, {
    body: { message: 'a', conversation_id: '999999999' },
  })
  const refused = { message: 'standin: status=402', stream: false }
  await ask(plan, client, '/api/chat', 503, { body: refused })
})

stackTest('conversations', async ({ plan }) => {
  const { client } = await signedIn(plan, 'user', 'chat=100,api=1000')
  const made = await ask(plan, client, '/api/conversations', 201, { body: { title: 'whales' } })
  await ask(plan, client, '/api/conversations', 201, { body: {} })
  const { id } = made.json<{ id: string }>()
  const at = `/api/conversations/${id}`
  const message = say('"a blue whale"')
  const chat = { message, conversation_id: id, stream: false }
  await ask(plan, client, '/api/chat', 200, { body: chat })
  await ask(plan, client, '/api/chat', 503, { body: { ...chat, message: 'standin: status=402' } })
  const first = await ask(plan, client, '/api/conversations?limit=1', 200)
  const { next } = first.json<{ next: string }>()
  await ask(plan, client, `/api/conversations?limit=1&cursor=${next}`, 200)
  await ask(plan, client, at, 200)
  await ask(plan, client, at, 204, { method: 'PATCH', body: { title: 'blue whales' } })
  await ask(plan, client, `${at}/messages`, 200)
  await ask(plan, client, `${at}/messages?leaf=1`, 404)
  await ask(plan, client, `${at}/export`, 200)
  await ask(plan, client, `${at}/export?format=markdown`, 200)
  const found = await ask(plan, client, '/api/conversations/search?q=whales', 200)
  assert.notDeepEqual(found.json<{ items: unknown[] }>().items, [])
  await ask(plan, client, at, 204, { method: 'DELETE' })
  for (const path of [at, `${at}/messages`, `${at}/export`]) await ask(plan, client, path, 404)
})

stackTest('one’s zone, usage and quota', async ({ plan }) => {
  const { client } = await signedIn(plan, 'user', 'chat=100')
  await ask(plan, client, '/api/chat', 200, { body: { message: say('hi'), stream: false } })
  const zone = (timezone: string) => ({ method: 'PATCH', body: { timezone } })
  await ask(plan, client, '/api/me', 200, zone('Asia/Kathmandu'))
  await ask(plan, client, '/api/me', 400, zone('Mars/Olympus'))
  await ask(plan, client, '/api/me/quota', 200)
  await ask(plan, client, '/api/usage/summary', 200)
  for (const group of ['model', 'status']) {
    await ask(plan, client, `/api/usage/series?range=today&by=hour&group=${group}`, 200)
  }
  await ask(plan, client, '/api/usage/series?by=minute', 400)
  const first = await ask(plan, client, '/api/usage/records?limit=1', 200)
  assert.equal(first.json<{ items: unknown[] }>().items.length, 1)
  await ask(plan, client, '/api/usage/records?format=csv', 200)
  await ask(plan, client, '/api/usage/records?cursor=x', 400)
})

stackTest('what programs ask', async ({ plan }) => {
  const { client } = await signedIn(plan)
  const limited = { name: 'a', models: ['deepseek-flash'], limit: 100 }
  const quotas = [{ unit: 'tokens', period: 'day', amount: 1_000_000 }]
  const body = { ...limited, quotas }
  const { id, token, version } = (await ask(plan, client, '/api/tokens', 201, { body })).json<
    Record<'id' | 'token', string> & { version: number }
  >()
  const at = `/api/tokens/${id}`
  await ask(plan, client, `${at}/quota`, 200)
  const program = new Program(plan, token)
  const models = await ask(plan, program, '/v1/models', 200)
  const [model] = models.json<{ data: { id: string }[] }>().data
  await ask(plan, program, `/v1/models/${model?.id}`, 200)
  await ask(plan, program, '/v1/models/nothing', 404)
  const messages = [{ role: 'user', content: say('hello') }]
  const completions = '/v1/chat/completions'
  const call = { model: 'deepseek-flash', messages }
  await ask(plan, program, completions, 200, { body: call })
  await ask(plan, program, completions, 404, { body: { ...call, model: 'deepseek-v4-pro' } })
  await ask(plan, program, completions, 400, { body: { ...call, messages: [] } })
  const rename = { method: 'PATCH', body: { version, name: 'b' } }
  await ask(plan, client, at, 200, rename)
  await ask(plan, client, at, 409, rename)
})

stackTest('administration: accounts', async ({ plan }) => {
  const { client } = await signedIn(plan, 'admin')
  const username = `made-${Date.now()}`
  const users = '/admin/api/users'
  const made = await ask(plan, client, users, 201, { body: { username, role: 'user' } })
  await ask(plan, client, users, 409, { body: { username, role: 'user' } })
  const { user } = made.json<{ user: { id: string; version: number } }>()
  const at = `${users}/${user.id}`
  await ask(plan, client, `${users}?name=${username}&role=user&state=enabled`, 200)
  await ask(plan, client, at, 200)
  const edit = { method: 'PATCH', body: { version: user.version, limits: { chat: 9 } } }
  await ask(plan, client, at, 200, edit)
  await ask(plan, client, at, 409, edit)
  const given = await ask(plan, client, `${at}/reset-password`, 200, { method: 'POST' })
  const { password } = given.json<{ password: string }>()
  const owner = new Client(plan)
  await ask(plan, owner, '/login', 200, { body: { username, password } })
  const listed = await ask(plan, client, `${at}/sessions`, 200)
  const [session] = listed.json<{ sessions: { id: string }[] }>().sessions
  await ask(plan, client, `${at}/sessions/${session?.id}`, 204, { method: 'DELETE' })
  await ask(plan, client, `${at}/sign-out`, 204, { method: 'POST' })
  const link = await ask(plan, client, `${at}/reset-link`, 201, { method: 'POST' })
  const token = /#([\w-]+)/.exec(link.text)?.[1] ?? ''
  const reset = { token, new_password: `whales sing at night ${username}` }
  await ask(plan, new Client(plan), '/api/password-reset', 204, { body: reset })
  await ask(plan, new Client(plan), '/api/password-reset', 400, { body: reset })
  const quotas = [{ unit: 'money', period: 'month', amount: '12.5' }]
  const quota = (await ask(plan, client, `${at}/quota`, 200)).json<{ version: number }>()
  const put = { method: 'PUT', body: { version: quota.version, quotas } }
  await ask(plan, client, `${at}/quota`, 200, put)
  await ask(plan, client, `${at}/quota`, 409, put)
  const other = await signedIn(plan)
  await makeToken(other.client)
  const tokensAt = `${users}/${other.account.id}/tokens`
  const tokens = (await ask(plan, client, tokensAt, 200)).json<{ tokens: { id: string }[] }>()
  await ask(plan, client, `${tokensAt}/${tokens.tokens[0]?.id}`, 204, { method: 'DELETE' })
})

stackTest('administration: keys and prices', async ({ plan }) => {
  const { client } = await signedIn(plan, 'admin')
  const alias = `key-${Date.now()}`
  const key = { api_key: 'sk-of-nobody-1234', alias, base_url: 'http://127.0.0.1:9', weight: 1 }
  const { id } = (await ask(plan, client, '/admin/api_key', 200, { body: key })).json<{
    id: string
  }>()
  const { keys } = (await ask(plan, client, '/admin/api/keys', 200)).json<{
    keys: { id: string; version: number; standin: boolean }[]
  }>()
  const version = keys.find((each) => each.id === id)?.version
  const at = `/admin/api/keys/${id}`
  const edit = { method: 'PATCH', body: { version, enabled: false } }
  await ask(plan, client, at, 200, edit)
  await ask(plan, client, at, 409, edit)
  await ask(plan, client, `${at}/test`, 200, { method: 'POST' })
  await ask(plan, client, '/admin/api/keys/test', 200, { method: 'POST' })
  const standin = keys.find((each) => each.standin)?.id
  await ask(plan, client, `/admin/api/keys/${standin}/balance`, 200)
  await ask(plan, client, at, 204, { method: 'DELETE' })
  await ask(plan, client, at, 404, { method: 'DELETE' })
  const tier = { hit: '0.01', miss: '1', output: '4' }
  const valid_from = new Date(Date.now() + 9 * 86_400_000).toISOString()
  const price = { model: alias, valid_from, peak: tier, off_peak: tier }
  const prices = '/admin/api/prices'
  const added = await ask(plan, client, prices, 201, { body: price })
  const [first] = added.json<{ prices: { id: string }[] }>().prices
  await ask(plan, client, `${prices}?model=${alias}`, 200)
  await ask(plan, client, `${prices}/${first?.id}`, 204, { method: 'DELETE' })
  const day = '/admin/api/holidays/2031-01-01'
  await ask(plan, client, day, 200, { method: 'PUT', body: { name: 'New Year' } })
  await ask(plan, client, '/admin/api/holidays?year=2031', 200)
  await ask(plan, client, day, 204, { method: 'DELETE' })
})

stackTest('administration: what runs, what was used, logged and changed', async ({ plan }) => {
  const { client } = await signedIn(plan, 'admin')
  const person = await signedIn(plan)
  const running = await startChat(person.client, 'standin: stall=3 delay=5')
  const user = person.account.username
  await ask(plan, client, `/admin/api/generations?user=${user}`, 200)
  await ask(plan, client, `/admin/api/generations/${running.id}/stop`, 204, { method: 'POST' })
  await ask(plan, client, '/admin/api/usage/summary', 200)
  await ask(plan, client, `/admin/api/usage/summary?user=${user}`, 200)
  await ask(plan, client, '/admin/api/usage/series?group=key', 200)
  await ask(plan, client, `/admin/api/usage/records?user=${user}`, 200)
  for (const by of ['model', 'user', 'key', 'status']) {
    await ask(plan, client, `/admin/api/usage/statistics?by=${by}`, 200)
  }
  await ask(plan, client, '/admin/api/logs?status=2xx&limit=5', 200)
  await ask(plan, client, '/admin/api/logs?format=csv&path=/login', 200)
  const audit = await ask(plan, client, '/admin/api/audit?limit=200', 200)
  // Made by the tests before this one.
  for (const action of ['user.quota', 'token.revoke', 'generation.stop', 'price.add']) {
    assert.ok(audit.text.includes(`"${action}"`), action)
  }
})

stackTest(
  'the document itself, which is asked for again only when it changed',
  async ({ plan }) => {
    const { client } = await signedIn(plan)
    for (const encoding of ['identity', 'gzip']) {
      const headers = { 'Accept-Encoding': encoding }
      const { etag = '' } = (await client.send('/api/openapi.json', { headers })).headers
      await ask(plan, client, '/api/openapi.json', 304, {
        headers: { ...headers, 'If-None-Match': etag },
      })
    }
    await ask(plan, client, '/api/openapi.json', 200, { headers: { 'If-None-Match': '"old"' } })
  },
)

stackTest('every operation has been answered with success', async ({ plan }) => {
  const { operations } = await toldBy(plan)
  const missed = operations.map(({ operationId }) => operationId).filter((id) => !met.has(id))
  assert.deepEqual(missed, [])
})

/** Returns an address of the operation at which there is nothing. */
function addressOf(document: Document, { path, parameters = [] }: Operation): string {
  return parameters.reduce((address, { name, schema }) => {
    const fitting = ['9'.repeat(18), '0'.repeat(32), '0'.repeat(64), '2031-02-03'].find(
      (text) => schemaIn(document, schema).safeParse(text).success,
    )
    return address.replace(`{${name}}`, fitting ?? 'x')
  }, path)
}

/** A request of an operation in which one thing is wrong: its status, if the operation has such a thing. */
const REFUSALS: Readonly<Record<string, (operation: Operation) => [number, Send] | undefined>> = {
  'nobody is signed in': ({ security }) =>
    security.length === 0 ? undefined : [401, { headers: { Cookie: '' } }],
  'there is an unknown parameter': ({ security }) =>
    security.length === 0 ? undefined : [400, {}],
  'the body is no JSON': ({ requestBody }) =>
    requestBody && [400, { body: '{', headers: { 'Content-Type': 'application/json' } }],
  'the body is text': ({ requestBody }) =>
    requestBody && [415, { body: 'hello', headers: { 'Content-Type': 'text/plain' } }],
  'the body has an unknown field': ({ requestBody }) => requestBody && [400, { body: { '': 1 } }],
  'it comes from another site': ({ method, security }) =>
    method === 'GET' || 'token' in (security[0] ?? {})
      ? undefined
      : [403, { headers: { 'Sec-Fetch-Site': 'cross-site' } }],
}

for (const [what, refusalOf] of Object.entries(REFUSALS)) {
  stackTest(`refused by every operation as documented: ${what}`, async ({ plan }) => {
    const { client } = await signedIn(plan, 'admin', 'api=1000,chat=1000')
    const program = new Program(plan, (await makeToken(client)).token)
    const { document, operations } = await toldBy(plan)
    let count = 0
    for (const operation of operations) {
      const [status, options] = refusalOf(operation) ?? []
      if (status === undefined) continue
      const path = addressOf(document, operation)
      const query = what.includes('parameter') ? '?no_such=1' : ''
      const who = 'token' in (operation.security[0] ?? {}) && status !== 401 ? program : client
      await ask(plan, who, `${path}${query}`, status, { method: operation.method, ...options })
      count += 1
    }
    assert.ok(count > 4)
  })
}

stackTest('a field too many, too few or of another kind is found', async ({ plan }) => {
  const { client } = await signedIn(plan)
  const { operations, check } = await toldBy(plan)
  const path = '/api/me'
  const answer = await ask(plan, client, path, 200)
  const operation = operationFor(operations, 'GET', path)
  assert.ok(operation !== undefined)
  const { role: _role, ...less } = answer.json()
  for (const wrong of [{ ...less, role: 'user', more: 1 }, less, { ...less, role: 1 }]) {
    assert.throws(() => check(operation, { ...answer, text: JSON.stringify(wrong) }), /getMe, 200/)
  }
  assert.throws(() => check(operation, { ...answer, status: 201 }), /not documented/)
  assert.throws(() => check(operation, { ...answer, headers: {} }), /x-request-id/)
  const problem = await ask(plan, new Client(plan), path, 401)
  const other = { ...problem, text: problem.text.replaceAll('unauthenticated', 'not_found') }
  assert.throws(() => check(operation, other), /getMe, 401/)
})
