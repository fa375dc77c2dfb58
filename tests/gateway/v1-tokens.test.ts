/** Who may call /v1: whoever shows an access token that is good. */

import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { formatAccessToken, parseAccessToken } from '#contract/access-token.ts'
import { tokenKey, userKey } from '#contract/redis-keys.ts'
import type { Plan } from '../../scripts/stack/plan.ts'
import { signedIn } from '../support/accounts.ts'
import { changeUser } from '../support/admin.ts'
import { mintToken } from '../support/gate-people.ts'
import { readMetrics } from '../support/metrics.ts'
import { assertOpenAiError, makeToken, Program } from '../support/program.ts'
import { awaitLog } from '../support/proxy-log.ts'
import { withRedis } from '../support/redis.ts'
import { useStack } from '../support/test-stack.ts'

const { stackTest } = useStack()

const CALLS = 'chatgate_gate_redis_calls_total'

function hashOf(token: string): string {
  return createHash('sha256')
    .update(parseAccessToken(token)?.secret ?? '')
    .digest('hex')
}

function assertRefused(answer: Parameters<typeof assertOpenAiError>[0]): void {
  assertOpenAiError(answer, 401, 'authentication_error', 'invalid_api_key')
  assert.equal(answer.headers['www-authenticate'], 'Bearer')
}

/** Makes Redis forget what it knows of a token. */
async function forget(plan: Plan, uid: string, token: string): Promise<void> {
  await withRedis(plan, (redis) => redis.del(tokenKey(uid, hashOf(token))))
}

stackTest('a token made by its owner opens /v1 and nothing else', async ({ plan }) => {
  const { client, account } = await signedIn(plan)
  const { token } = await makeToken(client)
  const program = new Program(plan, token)
  const answer = await program.models()
  assert.equal(answer.status, 200)
  assert.equal(answer.json()['object'], 'list')
  const row = await awaitLog(plan, String(answer.headers['x-request-id']))
  assert.deepEqual([row.user_id, row.verdict], [account.id, 'allow'])
  for (const path of ['/api/me', '/api/tokens']) {
    assert.equal((await program.send(path)).status, 401, path)
  }
  // And a session does not open /v1.
  assertRefused(await client.send('/v1/models'))
})

stackTest('the scheme is read as RFC 6750 says, whatever its case', async ({ plan }) => {
  const { client } = await signedIn(plan)
  const { token } = await makeToken(client)
  const anonymous = new Program(plan, undefined)
  for (const [authorization, status] of [
    [`Bearer ${token}`, 200],
    [`bearer ${token}`, 200],
    [`BEARER   ${token} `, 200],
    [token, 401],
    [`Basic ${token}`, 401],
    [`Bearer ${token} more`, 401],
    [`Bearer "${token}"`, 401],
    ['Bearer', 401],
    ['', 401],
  ] as const) {
    const answer = await anonymous.models({ Authorization: authorization })
    assert.equal(answer.status, status, authorization)
    if (status === 401) assertRefused(answer)
  }
})

stackTest('forged tokens cost neither Redis nor the worker anything', async ({ plan }) => {
  const { client } = await signedIn(plan)
  const { token } = await makeToken(client)
  const parts = parseAccessToken(token)
  assert.ok(parts !== undefined)
  const { uid, secret, mac } = parts
  const flipped = (text: string) => text.replace(/.$/, (last) => (last === '0' ? '1' : '0'))
  const forged = [
    formatAccessToken({ uid, secret, mac: flipped(mac) }),
    formatAccessToken({ uid, secret: flipped(secret), mac }),
    formatAccessToken({ uid: `${uid}1`, secret, mac }),
    `cg_${uid}_${secret}`,
    `cg_0${uid}_${secret}_${mac}`,
    `cg_${uid}_${secret.toUpperCase()}_${mac}`,
    `${token}0`,
    'sk-something-else',
    'x'.repeat(4000),
  ]
  const before = await readMetrics(plan)
  for (const one of forged) {
    const answer = await new Program(plan, one).models()
    assertRefused(answer)
    const row = await awaitLog(plan, String(answer.headers['x-request-id']))
    assert.deepEqual([row.upstream_status, row.user_id, row.verdict], [null, null, 'invalid_token'])
  }
  assert.equal((await readMetrics(plan)).sum(CALLS), before.sum(CALLS))
})

stackTest('a token that Redis has lost is looked up once and then known', async ({ plan }) => {
  const { client, account } = await signedIn(plan)
  const { token } = await makeToken(client)
  const program = new Program(plan, token)
  await forget(plan, account.id, token)
  assert.equal((await program.models()).status, 200)
  const key = tokenKey(account.id, hashOf(token))
  assert.equal(await withRedis(plan, (redis) => redis.exists(key)), 1)
  // The copy of its user is brought back with it.
  await withRedis(plan, (redis) => redis.del(userKey(account.id)))
  assert.equal((await program.models()).status, 200)
  assert.equal(await withRedis(plan, (redis) => redis.hget(userKey(account.id), 'role')), 'user')
})

stackTest('a token that nobody knows is asked for once a minute', async ({ plan }) => {
  const { account } = await signedIn(plan)
  const { token } = mintToken(plan, account.id)
  const program = new Program(plan, token)
  assertRefused(await program.models())
  const before = await readMetrics(plan)
  for (let n = 0; n < 10; n++) assertRefused(await program.models())
  assert.equal((await readMetrics(plan)).sum(CALLS), before.sum(CALLS))
})

stackTest('a revoked token is over at once', async ({ plan }) => {
  const { client } = await signedIn(plan)
  const { id, token } = await makeToken(client)
  const program = new Program(plan, token)
  assert.equal((await program.models()).status, 200)
  assert.equal((await client.send(`/api/tokens/${id}`, { method: 'DELETE' })).status, 204)
  assertRefused(await program.models())
  assertRefused(await program.models())
})

stackTest('the tokens of a disabled user are over, and good again with them', async ({ plan }) => {
  const { client, account } = await signedIn(plan)
  const { client: admin } = await signedIn(plan, 'admin')
  const { token } = await makeToken(client)
  const program = new Program(plan, token)
  assert.equal((await program.models()).status, 200)
  const set = async (state: string) => {
    assert.equal((await changeUser(admin, account.id, { state })).status, 200)
  }
  await set('disabled')
  assertRefused(await program.models())
  await set('enabled')
  assert.equal((await program.models()).status, 200)
})

stackTest('an expired token is over', async ({ plan }) => {
  const { client, account } = await signedIn(plan)
  const { token } = await makeToken(client, { name: 'short', expires_in_days: 1 })
  const program = new Program(plan, token)
  assert.equal((await program.models()).status, 200)
  const key = tokenKey(account.id, hashOf(token))
  const past = String(Math.floor(Date.now() / 1000) - 1)
  await withRedis(plan, (redis) => redis.hset(key, { expires: past }))
  assertRefused(await program.models())
})
