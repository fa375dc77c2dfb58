/** Two nginx that share one Redis are one gate. */

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { limitKey } from '#contract/redis-keys.ts'
import { waitFor } from '../../scripts/stack/readiness.ts'
import { type Account, signedIn } from '../support/accounts.ts'
import { changeUser } from '../support/admin.ts'
import type { Answer, Client } from '../support/client.ts'
import { assertProblem } from '../support/problem.ts'
import { makeToken, Program } from '../support/program.ts'
import { rateLimit } from '../support/rate-limit.ts'
import { withRedis } from '../support/redis.ts'
import { startTwoGates, type TwoGates } from '../support/two-gates.ts'

/** How long the other gate may still believe what it has remembered, ms (`$gate_session_cache`). */
const MEMORY_MS = 2000

let gates: TwoGates
before(async () => {
  gates = await startTwoGates({ GATE_LIMIT_LOGIN: '"login";q=1000;w=60' })
})
after(() => gates?.stop())

interface Person {
  readonly clients: readonly [Client, Client]
  readonly account: Account
}

/** A person signed in at the first gate, seen from both. */
async function person(): Promise<Person> {
  const { client, account } = await signedIn(gates.plans[0])
  return { clients: [client, gates.elsewhere(client)], account }
}

function chat(client: Client): Promise<Answer> {
  const message = 'standin: text=hi delay=0'
  return client.send('/api/chat', { body: { message, stream: false } })
}

async function countedCalls(id: string): Promise<readonly string[]> {
  const key = limitKey(`u:${id}`, 'chat', 60)
  return [...(await withRedis(gates.plans[0], (redis) => redis.zrange(key, 0, '-1')))].sort()
}

test('of two hundred chats at once through two gates exactly five are admitted', async () => {
  const { clients, account } = await person()
  const sent = Array.from({ length: 200 }, (_, index) => chat(clients[index % 2 === 0 ? 0 : 1]))
  const answers = await Promise.all(sent)
  const passed = answers.filter(({ status }) => status === 200)
  for (const answer of answers) {
    if (answer.status !== 200) assertProblem(answer, 429, 'rate_limited')
  }
  assert.equal(passed.length, 5)
  const ids = passed.map(({ headers }) => String(headers['x-request-id'])).sort()
  assert.deepEqual(await countedCalls(account.id), ids)
})

test('what one gate has admitted the other counts', async () => {
  const { clients } = await person()
  for (const [turn, left] of [4, 3, 2, 1, 0].entries()) {
    const answer = await chat(clients[turn % 2 === 0 ? 0 : 1])
    assert.equal(answer.status, 200)
    assert.match(String(answer.headers['ratelimit']), new RegExp(`^"chat";r=${left};`))
  }
  for (const client of clients) assert.equal((await chat(client)).status, 429)
})

/** What ends a session, done at the first gate. */
const ENDS: Readonly<Record<string, (person: Person) => Promise<void>>> = {
  'a log-out': async ({ clients: [here] }) => {
    assert.equal((await here.send('/logout', { method: 'POST' })).status, 303)
  },
  'disabling somebody': async ({ account }) => {
    const { client } = await signedIn(gates.plans[0], 'admin')
    assert.equal((await changeUser(client, account.id, { state: 'disabled' })).status, 200)
  },
  'another password': async ({ clients: [here], account: { password } }) => {
    const body = { current_password: password, new_password: `${password} and more` }
    assert.equal((await here.send('/api/me/password', { body })).status, 204)
  },
}

for (const [what, end] of Object.entries(ENDS)) {
  test(`${what} at one gate is honoured at the other within two seconds`, async () => {
    const one = await person()
    const [here, there] = one.clients
    // Seen and remembered by both.
    for (const client of one.clients) assert.equal((await client.send('/api/me')).status, 200)
    const cookies = new Map(here.cookies)
    await end(one)
    const began = performance.now()
    // The gate through which it went honours it at once.
    for (const [name, value] of cookies) here.cookies.set(name, value)
    assert.equal((await here.send('/api/me')).status, 401)
    let lastPassed = began
    await waitFor(async () => {
      const sent = performance.now()
      const { status } = await there.send('/api/me')
      if (status === 200) lastPassed = sent
      assert.equal(status, 401)
    }, MEMORY_MS * 3)
    const ms = lastPassed - began
    assert.ok(ms < MEMORY_MS, `still let in ${ms} ms later`)
    assert.equal((await there.send('/chat')).status, 302)
  })
}

test('revoking a token at one gate is honoured at the other within two seconds', async () => {
  const { clients } = await person()
  const [here] = clients
  const { id, token } = await makeToken(here)
  const [first, second] = gates.plans.map((plan) => new Program(plan, token))
  assert.ok(first && second)
  for (const program of [first, second]) assert.equal((await program.models()).status, 200)
  assert.equal((await here.send(`/api/tokens/${id}`, { method: 'DELETE' })).status, 204)
  const began = performance.now()
  assert.equal((await first.models()).status, 401)
  let lastPassed = began
  await waitFor(async () => {
    const sent = performance.now()
    const { status } = await second.models()
    if (status === 200) lastPassed = sent
    assert.equal(status, 401)
  }, MEMORY_MS * 3)
  const ms = lastPassed - began
  assert.ok(ms < MEMORY_MS, `still let in ${ms} ms later`)
})

test("a token's own limit holds at both gates together, and a change of it too", async () => {
  const { clients } = await person()
  const [here] = clients
  const { id, token } = await makeToken(here, { name: 'test', limit: 3 })
  const [first, second] = gates.plans.map((plan) => new Program(plan, token))
  assert.ok(first && second)
  const seen = async (program: Program) => rateLimit((await program.models()).headers, 'v1')
  assert.equal((await seen(first)).remaining, 2)
  assert.equal((await seen(second)).remaining, 1)
  const body = { version: 1, limit: 30 }
  assert.equal((await here.send(`/api/tokens/${id}`, { method: 'PATCH', body })).status, 200)
  const { quota, remaining } = await seen(second)
  assert.deepEqual([quota, remaining], [30, 27])
})

test('a log-out is honoured at once where the session was not remembered', async () => {
  const { clients } = await person()
  const [here, there] = clients
  await here.send('/logout', { method: 'POST' })
  assertProblem(await there.send('/api/me'), 401, 'unauthenticated')
})
