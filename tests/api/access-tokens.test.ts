/** What an access token may do: shown, changed, held at the gate, and ended by administrators. */

import assert from 'node:assert/strict'
import type { TokenView } from '#contract/api.ts'
import type { QuotaReport } from '#contract/quota.ts'
import type { Plan } from '../../scripts/stack/plan.ts'
import { mayCall } from '../../worker/src/token-terms.ts'
import { signedIn } from '../support/accounts.ts'
import type { Client } from '../support/client.ts'
import { assertProblem } from '../support/problem.ts'
import { assertOpenAiError, Program } from '../support/program.ts'
import { tokensPer } from '../support/quotas.ts'
import { rateLimit } from '../support/rate-limit.ts'
import { addOpenCall, seeWorker } from '../support/settlement.ts'
import { sqlRun } from '../support/sql.ts'
import { useStack } from '../support/test-stack.ts'

const { stackTest } = useStack()

type Made = TokenView & { readonly token: string }

async function make(client: Client, body: object = {}): Promise<Made> {
  const answer = await client.send('/api/tokens', { body: { name: 'test', ...body } })
  assert.equal(answer.status, 201, answer.text)
  return answer.json<Made>()
}

function change(client: Client, id: string, body: object) {
  return client.send(`/api/tokens/${id}`, { method: 'PATCH', body })
}

async function listed(client: Client, path = '/api/tokens'): Promise<readonly TokenView[]> {
  return (await client.send(path)).json<{ tokens: TokenView[] }>().tokens
}

async function limitOf(plan: Plan, token: string) {
  const answer = await new Program(plan, token).models()
  return { status: answer.status, limit: rateLimit(answer.headers, 'v1'), answer }
}

async function statusOf(plan: Plan, token: string): Promise<number> {
  return (await new Program(plan, token).models()).status
}

stackTest('a token shows how it begins and ends, and what it may do', async ({ plan }) => {
  const { client, account } = await signedIn(plan)
  const terms = { models: ['deepseek-flash'], limit: 7, quotas: [tokensPer('day', 5000)] }
  const { token, ...made } = await make(client, terms)
  assert.ok(token.startsWith(made.prefix) && token.endsWith(made.last4))
  assert.equal(made.prefix, `cg_${account.id}_`)
  assert.deepEqual({ models: made.models, limit: made.limit, quotas: made.quotas }, terms)
  assert.deepEqual(await listed(client), [made])
  const plain = await make(client)
  assert.deepEqual([plain.models, plain.limit, plain.quotas], [null, null, []])
})

stackTest('a change changes what is sent, by whoever has seen the last one', async ({ plan }) => {
  const { client } = await signedIn(plan)
  const { id } = await make(client, { limit: 7, quotas: [tokensPer('day', 5000)] })
  const renamed = await change(client, id, { version: 1, name: ' new ' })
  assert.equal(renamed.status, 200, renamed.text)
  const view = renamed.json<TokenView>()
  assert.deepEqual([view.name, view.limit, view.quotas.length, view.version], ['new', 7, 1, 2])
  assertProblem(await change(client, id, { version: 1, name: 'x' }), 409, 'conflict')
  const all = { models: ['a', 'b'], limit: null, quotas: [] }
  const changed = (await change(client, id, { version: 2, ...all })).json<TokenView>()
  assert.deepEqual(changed, { ...view, ...all, version: 3 })
  assert.deepEqual(await listed(client), [changed])
  const answers = await Promise.all(
    ['p', 'q', 'r'].map((name) => change(client, id, { version: 3, name })),
  )
  assert.deepEqual(answers.map(({ status }) => status).sort(), [200, 409, 409])
})

stackTest('what is no change, and whose token it is not, is refused', async ({ plan }) => {
  const [{ client }, { client: other }] = await Promise.all([signedIn(plan), signedIn(plan)])
  const { id } = await make(client)
  for (const body of [
    {},
    { version: 1 },
    { name: 'x' },
    { version: 1, name: '' },
    { version: 1, models: [] },
    { version: 1, models: ['a', 'a'] },
    { version: 1, limit: 0 },
    { version: 1, limit: 2001 },
    { version: 1, quotas: [tokensPer('day', 1), tokensPer('day', 2)] },
    { version: 1, hash: '0' },
  ]) {
    assertProblem(await change(client, id, body), 400, 'invalid_request')
  }
  assertProblem(await change(other, id, { version: 1, name: 'x' }), 404, 'not_found')
  assertProblem(await other.send(`/api/tokens/${id}/quota`), 404, 'not_found')
  assert.equal((await listed(client))[0]?.version, 1)
})

stackTest(
  'a token has its own limit at the gate, and a change of it holds at once',
  async ({ plan }) => {
    const { client } = await signedIn(plan)
    const { id, token } = await make(client, { limit: 3 })
    assert.equal((await limitOf(plan, token)).limit.quota, 3)
    for (const left of [1, 0]) assert.equal((await limitOf(plan, token)).limit.remaining, left)
    const { status, answer } = await limitOf(plan, token)
    assert.equal(status, 429)
    assertOpenAiError(answer, 429, 'rate_limit_error', 'rate_limit_exceeded')
    // Another token of the same user has the general one.
    const { token: other } = await make(client)
    assert.equal((await limitOf(plan, other)).limit.quota, 60)
    assert.equal((await change(client, id, { version: 1, limit: 9 })).status, 200)
    const raised = await make(client, { limit: 5 })
    assert.equal((await limitOf(plan, raised.token)).limit.quota, 5)
    assert.equal((await change(client, raised.id, { version: 1, limit: 8 })).status, 200)
    assert.deepEqual((await limitOf(plan, raised.token)).limit.quota, 8)
    assert.equal((await change(client, raised.id, { version: 2, limit: null })).status, 200)
    assert.equal((await limitOf(plan, raised.token)).limit.quota, 60)
  },
)

stackTest(
  'a token’s quota counts its own calls, and reserves for those that run',
  async ({ plan }) => {
    const { client, account } = await signedIn(plan)
    const { id } = await make(client, { quotas: [tokensPer('month', 5000)] })
    await seeWorker(plan, 'test#quota', 0)
    const open = await addOpenCall(plan, account, { workerId: 'test#quota', age: 1 })
    const settled = await addOpenCall(plan, account, { workerId: 'test#quota', age: 1 })
    await sqlRun(
      plan,
      'UPDATE token_usage SET access_token_id = ?, held_tokens = 900 WHERE request_id = ?',
      [id, open.id],
    )
    await sqlRun(
      plan,
      `UPDATE token_usage SET access_token_id = ?, state = 'settled', prompt_tokens = 70,
       completion_tokens = 30, settled_at = UTC_TIMESTAMP(3) WHERE request_id = ?`,
      [id, settled.id],
    )
    const report = (await client.send(`/api/tokens/${id}/quota`)).json<QuotaReport>()
    const [quota] = report.quotas
    assert.deepEqual([quota?.used, quota?.reserved, quota?.left], [100, 900, 4000])
  },
)

stackTest('an administrator sees and ends the tokens of a user', async ({ plan }) => {
  const [{ client: admin }, { client, account }] = await Promise.all([
    signedIn(plan, 'admin'),
    signedIn(plan),
  ])
  const { token, ...made } = await make(client)
  const path = `/admin/api/users/${account.id}/tokens`
  assert.deepEqual(await listed(admin, path), [made])
  assert.equal(await statusOf(plan, token), 200)
  assertProblem(await client.send(path), 403, 'admin_only')
  const end = (of: string) => admin.send(`${path}/${of}`, { method: 'DELETE' })
  assert.equal((await end(made.id)).status, 204)
  assert.equal(await statusOf(plan, token), 401)
  assertProblem(await end(made.id), 404, 'not_found')
  assertProblem(await admin.send('/admin/api/users/99999999/tokens'), 404, 'not_found')
})

stackTest('a model may be called by any of its names if one of them is allowed', async () => {
  const aliases = new Map([['old', 'new']])
  assert.ok(mayCall({ models: null }, 'whatever', aliases))
  for (const [allowed, asked, expected] of [
    ['new', 'old', true],
    ['old', 'new', true],
    ['new', 'new', true],
    ['new', 'other', false],
  ] as const) {
    assert.equal(mayCall({ models: [allowed] }, asked, aliases), expected, `${allowed} ${asked}`)
  }
})
