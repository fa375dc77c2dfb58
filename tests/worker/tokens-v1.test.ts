/** A program's way through the gate: its access token opens /v1 and nothing else. */

import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { formatAccessToken, parseAccessToken } from '#contract/access-token.ts'
import type { TokenView } from '#contract/api.ts'
import type { OpenAiError } from '#contract/openai-error.ts'
import { tokenKey, userKey } from '#contract/redis-keys.ts'
import type { Plan } from '../../scripts/stack/plan.ts'
import { signedIn } from '../support/accounts.ts'
import { changeUser } from '../support/admin.ts'
import { type Answer, Client } from '../support/client.ts'
import { assertProblem } from '../support/problem.ts'
import { withRedis } from '../support/redis.ts'
import { sqlRun } from '../support/sql.ts'
import { useStack } from '../support/test-stack.ts'

const { stackTest } = useStack()

async function withToken(plan: Plan) {
  const { client, account } = await signedIn(plan)
  const answer = await client.send('/api/tokens', { body: { name: 'program' } })
  const { id, token } = answer.json<TokenView & { token: string }>()
  const parts = parseAccessToken(token)
  assert.ok(parts)
  const hash = createHash('sha256').update(parts.secret).digest('hex')
  const revoke = () => client.send(`/api/tokens/${id}`, { method: 'DELETE' })
  return { client, account, id, token, parts, hash, revoke }
}

function call(plan: Plan, token: string, path = '/v1/models'): Promise<Answer> {
  return new Client(plan).send(path, { headers: { Authorization: `Bearer ${token}` } })
}

function assertRefused(answer: Answer, status: number, code: string): void {
  assert.equal(answer.status, status, answer.text)
  assert.match(String(answer.headers['content-type']), /^application\/json\b/)
  assert.equal(answer.json<OpenAiError>().error.code, code)
}

stackTest('a token lists the models in the shape of OpenAI', async ({ plan }) => {
  const { token } = await withToken(plan)
  for (const authorization of [`Bearer ${token}`, `bearer  ${token}`]) {
    const answer = await new Client(plan).send('/v1/models', {
      headers: { Authorization: authorization },
    })
    assert.equal(answer.status, 200, answer.text)
    const { object, data } = answer.json<{ object: string; data: { id: string }[] }>()
    assert.equal(object, 'list')
    assert.ok(data.some(({ id }) => id === 'deepseek-flash'))
  }
})

stackTest('what is no token of ours, or no longer, is refused', async ({ plan }) => {
  const { token, parts } = await withToken(plan)
  const forged = formatAccessToken({ ...parts, mac: parts.mac.replace(/./, flip) })
  const foreign = formatAccessToken({ ...parts, uid: '1' })
  const unknown = formatAccessToken({ ...parts, secret: parts.secret.replace(/./, flip) })
  for (const bad of [forged, foreign, unknown, 'x', token.slice(1), `${token}0`]) {
    assertRefused(await call(plan, bad), 401, 'invalid_api_key')
  }
  assertRefused(await new Client(plan).send('/v1/models'), 401, 'invalid_api_key')
})

stackTest('a revoked token is refused at once', async ({ plan }) => {
  const { token, revoke } = await withToken(plan)
  assert.equal((await call(plan, token)).status, 200)
  assert.equal((await revoke()).status, 204)
  assertRefused(await call(plan, token), 401, 'invalid_api_key')
})

stackTest(
  'the token of a disabled user is refused at once, and good when enabled',
  async ({ plan }) => {
    const { token, account } = await withToken(plan)
    const admin = (await signedIn(plan, 'admin')).client
    const change = (state: string) => changeUser(admin, account.id, { state })
    assert.equal((await call(plan, token)).status, 200)
    assert.equal((await change('disabled')).status, 200)
    assertRefused(await call(plan, token), 401, 'invalid_api_key')
    assert.equal((await change('enabled')).status, 200)
    assert.equal((await call(plan, token)).status, 200)
  },
)

stackTest('a token that expires is refused from then on', async ({ plan }) => {
  const { token, id } = await withToken(plan)
  const PAST = 'UTC_TIMESTAMP(3) - INTERVAL 1 SECOND'
  await sqlRun(plan, `UPDATE access_tokens SET expires_at = ${PAST} WHERE id = ?`, [id])
  assertRefused(await call(plan, token), 401, 'invalid_api_key')
})

stackTest('signing out everywhere leaves the programs alone', async ({ plan }) => {
  const { client, token } = await withToken(plan)
  assert.equal((await call(plan, token)).status, 200)
  assert.equal((await client.send('/logout?everywhere=1', { method: 'POST' })).status, 303)
  assert.equal((await call(plan, token)).status, 200)
})

stackTest('a token that Redis has lost is found again', async ({ plan }) => {
  const { token, account, hash } = await withToken(plan)
  const keys = [[tokenKey(account.id, hash)], [userKey(account.id)]]
  for (const lost of [...keys, keys.flat()]) {
    await withRedis(plan, (redis) => redis.del(...lost))
    assert.equal((await call(plan, token, '/v1/models')).status, 200)
  }
})

stackTest('a token opens nothing but /v1, and a session does not open that', async ({ plan }) => {
  const { client, token } = await withToken(plan)
  for (const path of ['/api/me', '/api/tokens', '/admin/api/users']) {
    assertProblem(await call(plan, token, path), 401, 'unauthenticated')
  }
  assertRefused(await client.send('/v1/models'), 401, 'invalid_api_key')
})

stackTest('what is not there is said in the shape of OpenAI', async ({ plan }) => {
  const { token } = await withToken(plan)
  assertRefused(await call(plan, token, '/v1/nothing'), 404, 'not_found')
  const answer = await new Client(plan).send('/v1/models', {
    method: 'POST',
    headers: { Authorization: `Bearer ${token}`, 'Sec-Fetch-Site': 'cross-site' },
    body: {},
  })
  assertRefused(answer, 405, 'method_not_allowed')
})

function flip(digit: string): string {
  return digit === '0' ? '1' : '0'
}
