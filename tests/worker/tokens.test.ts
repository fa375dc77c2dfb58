/** Access tokens: making and revoking them, and what the gate learns of them. */

import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { parseAccessToken } from '#contract/access-token.ts'
import type { TokenView } from '#contract/api.ts'
import { tokenKey, userKey } from '#contract/redis-keys.ts'
import type { Plan } from '../../scripts/stack/plan.ts'
import { type Account, makeAccount, signedIn } from '../support/accounts.ts'
import { type Answer, Client } from '../support/client.ts'
import { assertProblem } from '../support/problem.ts'
import { withRedis } from '../support/redis.ts'
import { sqlRows, sqlRun } from '../support/sql.ts'
import { useStack } from '../support/test-stack.ts'
import { askAsGate } from './gate-request.ts'

const { stackTest } = useStack()

const DAY_S = 86_400

interface Made {
  readonly id: string
  readonly token: string
  readonly hash: string
}

async function make(client: Client, body: object = { name: 'test' }): Promise<Made> {
  const answer = await client.send('/api/tokens', { body })
  assert.equal(answer.status, 201, answer.text)
  const { id, token } = answer.json<TokenView & { token: string }>()
  return { id, token, hash: hashOf(token) }
}

function hashOf(token: string): string {
  const secret = parseAccessToken(token)?.secret
  assert.ok(secret !== undefined, token)
  return createHash('sha256').update(secret).digest('hex')
}

function revoke(client: Client, id: string): Promise<Answer> {
  return client.send(`/api/tokens/${id}`, { method: 'DELETE' })
}

/** Asks the worker about a token as the gate does; returns the status. */
async function load(plan: Plan, { id }: Account, hash: string): Promise<number> {
  const { status } = await askAsGate(plan, { path: `/internal/token?uid=${id}&hash=${hash}` })
  return status
}

function inRedis(plan: Plan, { id }: Account, hash: string) {
  return withRedis(plan, async (redis) => ({
    record: await redis.hgetall(tokenKey(id, hash)),
    ttl: await redis.ttl(tokenKey(id, hash)),
    user: await redis.hgetall(userKey(id)),
  }))
}

stackTest('a token is shown once and kept as a hash', async ({ plan }) => {
  const { client, account } = await signedIn(plan)
  const { id, token, hash } = await make(client, { name: '脚本', expires_in_days: 7 })
  assert.ok(token.startsWith(`cg_${account.id}_`))
  const [row] = await sqlRows(plan, 'SELECT * FROM access_tokens WHERE id = ?', [id])
  assert.equal(row?.['hash'], hash)
  assert.equal(row?.['last4'], token.slice(-4))
  assert.ok(!JSON.stringify(row).includes(parseAccessToken(token)?.secret ?? token))
  const { tokens } = (await client.send('/api/tokens')).json<{ tokens: TokenView[] }>()
  const [view] = tokens
  assert.equal(tokens.length, 1)
  assert.deepEqual([view?.id, view?.name, view?.last_used_at], [id, '脚本', null])
  const lifetime = Date.parse(view?.expires_at ?? '') - Date.parse(view?.created_at ?? '')
  assert.equal(lifetime, 7 * DAY_S * 1000)
})

stackTest('a good token gets into Redis with its user, for ten minutes', async ({ plan }) => {
  const { client, account } = await signedIn(plan)
  const { id, hash } = await make(client)
  await withRedis(plan, (redis) => redis.del(userKey(account.id)))
  assert.equal(await load(plan, account, hash), 204)
  const { record, ttl, user } = await inRedis(plan, account, hash)
  assert.deepEqual(record, { id, expires: '', limits: '' })
  assert.ok(ttl > 590 && ttl <= 600, `TTL ${ttl}`)
  assert.deepEqual(user, {
    ...{ epoch: '1', revision: '1', state: 'enabled', role: 'user', limits: '', must_change: '0' },
    name: account.username,
  })
  const { tokens } = (await client.send('/api/tokens')).json<{ tokens: TokenView[] }>()
  assert.ok(Date.now() - Date.parse(tokens[0]?.last_used_at ?? '') < 60_000)
})

stackTest('a token is in Redis no longer than it lives', async ({ plan }) => {
  const { client, account } = await signedIn(plan)
  const { id, hash } = await make(client, { name: 'x', expires_in_days: 1 })
  const SOON = 'UTC_TIMESTAMP(3) + INTERVAL 60 SECOND'
  await sqlRun(plan, `UPDATE access_tokens SET expires_at = ${SOON} WHERE id = ?`, [id])
  assert.equal(await load(plan, account, hash), 204)
  const { record, ttl } = await inRedis(plan, account, hash)
  assert.ok(ttl > 50 && ttl <= 60, `TTL ${ttl}`)
  const left = Number(record['expires']) - Date.now() / 1000
  assert.ok(left > 50 && left <= 60, `expires in ${left} s`)
})

stackTest('what is not good is not found, and nothing gets into Redis', async ({ plan }) => {
  const { client, account } = await signedIn(plan)
  const other = await makeAccount(plan)
  const [expired, revoked, foreign, owned] = await Promise.all(
    Array.from({ length: 4 }, () => make(client)),
  )
  assert.ok(expired && revoked && foreign && owned)
  const PAST = 'UTC_TIMESTAMP(3) - INTERVAL 1 SECOND'
  await sqlRun(plan, `UPDATE access_tokens SET expires_at = ${PAST} WHERE id = ?`, [expired.id])
  assert.equal((await revoke(client, revoked.id)).status, 204)
  const unknown = '0'.repeat(64)
  for (const [who, hash] of [
    [account, expired.hash],
    [account, revoked.hash],
    [other, foreign.hash],
    [account, unknown],
  ] as const) {
    assert.equal(await load(plan, who, hash), 404)
    assert.deepEqual((await inRedis(plan, who, hash)).record, {})
  }
  await sqlRun(plan, "UPDATE users SET state = 'disabled' WHERE id = ?", [account.id])
  assert.equal(await load(plan, account, owned.hash), 404)
})

stackTest('a revoked token is gone from Redis at once', async ({ plan }) => {
  const { client, account } = await signedIn(plan)
  const { id, hash } = await make(client)
  assert.equal(await load(plan, account, hash), 204)
  const answer = await revoke(client, id)
  assert.equal(answer.status, 204)
  assert.equal(answer.headers['x-gate-revoke'], undefined)
  assert.deepEqual((await inRedis(plan, account, hash)).record, {})
  const { tokens } = (await client.send('/api/tokens')).json<{ tokens: TokenView[] }>()
  assert.deepEqual(tokens, [])
})

stackTest('revoking wins over loading, whichever comes first', async ({ plan }) => {
  const { client, account } = await signedIn(plan)
  for (let round = 0; round < 10; round += 1) {
    const { id, hash } = await make(client)
    const loads = Array.from({ length: 6 }, () => load(plan, account, hash))
    const [answer, ...statuses] = await Promise.all([revoke(client, id), ...loads])
    assert.equal(answer.status, 204)
    for (const status of statuses) assert.ok(status === 204 || status === 404, String(status))
    assert.deepEqual((await inRedis(plan, account, hash)).record, {}, `round ${round}`)
  }
})

stackTest("nobody sees or revokes somebody else's tokens", async ({ plan }) => {
  const [owner, other] = await Promise.all([signedIn(plan), signedIn(plan, 'admin')])
  const { id } = await make(owner.client)
  assertProblem(await revoke(other.client, id), 404, 'not_found')
  const { tokens } = (await other.client.send('/api/tokens')).json<{ tokens: TokenView[] }>()
  assert.deepEqual(tokens, [])
  assert.equal((await revoke(owner.client, id)).status, 204)
  assertProblem(await new Client(plan).send('/api/tokens'), 401, 'unauthenticated')
})

stackTest('nobody has more than a hundred tokens', async ({ plan }) => {
  const { client, account } = await signedIn(plan)
  const values = Array.from({ length: 100 }, (_, n) => [
    account.id,
    createHash('sha256').update(`${account.id} ${n}`).digest('hex'),
  ]).flat()
  await sqlRun(
    plan,
    `INSERT INTO access_tokens (user_id, name, hash, last4, created_at)
     VALUES ${Array(100).fill("(?, 'x', ?, '0000', UTC_TIMESTAMP(3))").join(', ')}`,
    values,
  )
  const answer = await client.send('/api/tokens', { body: { name: 'one more' } })
  const { errors } = assertProblem(answer, 400, 'invalid_request')
  assert.match(errors?.[0]?.message ?? '', /100/)
})

stackTest('the way for the gate is closed from outside', async ({ plan }) => {
  const { client, account } = await signedIn(plan)
  const { hash } = await make(client)
  const path = `/internal/token?uid=${account.id}&hash=${hash}`
  assert.equal((await client.send(path)).status, 404)
  assert.deepEqual((await inRedis(plan, account, hash)).record, {})
})
