/** Limits of one person's own, given by an administrator, in place of everybody's. */

import assert from 'node:assert/strict'
import { userKey } from '#contract/redis-keys.ts'
import type { Plan } from '../../scripts/stack/plan.ts'
import { signedIn } from '../support/accounts.ts'
import { changeUser } from '../support/admin.ts'
import { readFirstContent, rest, startChat } from '../support/chat.ts'
import type { Answer, Client } from '../support/client.ts'
import { assertProblem } from '../support/problem.ts'
import { rateLimit } from '../support/rate-limit.ts'
import { withRedis } from '../support/redis.ts'
import { useStack } from '../support/test-stack.ts'

const { stackTest } = useStack()

function chat(client: Client): Promise<Answer> {
  return client.send('/api/chat', { body: { message: 'standin: text=hi delay=0', stream: false } })
}

/** Returns somebody with limits of their own, set as an administrator would. */
async function personWith(plan: Plan, limits: Readonly<Record<string, number>>) {
  const person = await signedIn(plan)
  await setLimits(plan, person.account.id, limits)
  return person
}

async function setLimits(plan: Plan, id: string, limits: Readonly<Record<string, number>>) {
  const { client: admin } = await signedIn(plan, 'admin')
  const answer = await changeUser(admin, id, { limits })
  assert.equal(answer.status, 200, answer.text)
}

stackTest('fewer: the answers say so, and the rest is refused', async ({ plan }) => {
  const { client } = await personWith(plan, { chat: 2 })
  for (const left of [1, 0]) {
    const { status, headers } = await chat(client)
    assert.equal(status, 200)
    const { quota, remaining } = rateLimit(headers, 'chat')
    assert.deepEqual([quota, remaining], [2, left])
  }
  const refused = await chat(client)
  assert.match(assertProblem(refused, 429, 'rate_limited').detail, /^At most 2 per minute\./)
  assert.equal(refused.headers['ratelimit-policy'], '"chat";q=2;w=60')
  // Also once nginx remembers it.
  assert.equal((await chat(client)).headers['ratelimit-policy'], '"chat";q=2;w=60')
})

stackTest('more: as many pass, and the rest is refused', async ({ plan }) => {
  const { client } = await personWith(plan, { chat: 8 })
  for (let left = 7; left >= 0; left--) {
    const { status, headers } = await chat(client)
    assert.equal(status, 200)
    const { quota, remaining } = rateLimit(headers, 'chat')
    assert.deepEqual([quota, remaining], [8, left])
  }
  assert.match(assertProblem(await chat(client), 429, 'rate_limited').detail, /^At most 8 per/)
})

stackTest('they are one person’s: everybody else has everybody’s', async ({ plan }) => {
  await personWith(plan, { chat: 1 })
  const { client } = await signedIn(plan)
  assert.equal(rateLimit((await chat(client)).headers, 'chat').quota, 5)
})

stackTest('a change applies to the next request of a person signed in', async ({ plan }) => {
  const { client, account } = await signedIn(plan)
  assert.equal(rateLimit((await chat(client)).headers, 'chat').quota, 5)
  await setLimits(plan, account.id, { chat: 3 })
  assert.equal(rateLimit((await chat(client)).headers, 'chat').remaining, 1)
  await setLimits(plan, account.id, {})
  assert.equal(rateLimit((await chat(client)).headers, 'chat').remaining, 2)
})

stackTest('policies that are not named keep their numbers', async ({ plan }) => {
  const { client } = await personWith(plan, { api: 7 })
  const write = await client.send('/api/nothing-here', { method: 'POST', body: {} })
  assert.equal(rateLimit(write.headers, 'api').quota, 7)
  assert.equal(rateLimit((await chat(client)).headers, 'chat').quota, 5)
})

stackTest('answers at once have a limit of one’s own as well', async ({ plan }) => {
  const { client } = await personWith(plan, { streams: 1 })
  const running = await startChat(client, 'standin: stall=1 delay=0')
  await readFirstContent(running.events)
  const refused = await chat(client)
  const problem = assertProblem(refused, 429, 'too_many_streams')
  assert.match(problem.detail, /^At most 1 /)
  await client.send(`/api/chat/${running.id}/stop`, { method: 'POST' })
  await rest(running.events)
  assert.equal((await chat(client)).status, 200)
})

stackTest(
  'limits that cannot be understood close the way for that person only',
  async ({ plan }) => {
    const { client, account } = await signedIn(plan)
    const { client: other } = await signedIn(plan)
    await withRedis(plan, (redis) => redis.hset(userKey(account.id), { limits: 'chat=9 api=9' }))
    assert.equal((await chat(client)).status, 500)
    assert.equal((await chat(other)).status, 200)
  },
  { provokes: /gate: TypeError/ },
)
