import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { sessionIndexKey, userKey } from '#contract/redis-keys.ts'
import { sessionFor } from '../../worker/src/domain/session-token.ts'
import { makeAccount, signedIn } from '../support/accounts.ts'
import { Client } from '../support/client.ts'
import { assertProblem } from '../support/problem.ts'
import { commandCounts, withRedis } from '../support/redis.ts'
import { bearing, type ClientSession, sessionOf } from '../support/session.ts'
import { useStack } from '../support/test-stack.ts'

const { stackTest } = useStack()

stackTest(
  'signing in sets a __Host- cookie out of reach of scripts and other sites',
  async ({ plan }) => {
    const account = await makeAccount(plan)
    const client = new Client(plan)
    const answer = await client.signIn(account.username, account.password)
    assert.equal(answer.status, 200)
    const lines = answer.headers['set-cookie'] ?? []
    assert.equal(lines.length, 1)
    const [pair = '', ...attributes] = (lines[0] ?? '').split('; ')
    assert.ok(pair.startsWith('__Host-sid'))
    assert.ok(pair.startsWith(`${plan.settings.cookieName}=${account.id}.`))
    assert.deepEqual(attributes.map((attribute) => attribute.toLowerCase()).sort(), [
      'httponly',
      'max-age=2592000',
      'path=/',
      'samesite=lax',
      'secure',
    ])
    assert.doesNotMatch(answer.text, new RegExp(sessionOf(plan, client).token))
  },
)

stackTest(
  'Redis knows a session by the hash of its token only, and for the idle time',
  async ({ plan }) => {
    const { client, account } = await signedIn(plan)
    const { key, token } = sessionOf(plan, client)
    const [keys, ttl, user] = await withRedis(plan, async (redis) => [
      await redis.keys(`{u:${account.id}}:*`),
      await redis.ttl(key),
      await redis.hgetall(userKey(account.id)),
    ])
    const index = sessionIndexKey(account.id)
    assert.deepEqual([...keys].sort(), [key, index, userKey(account.id)].sort())
    assert.doesNotMatch(keys.join(), new RegExp(token))
    assert.ok(ttl > 7 * 86_400 - 60 && ttl <= 7 * 86_400, `TTL ${ttl}`)
    const { username: name } = account
    assert.deepEqual(user, {
      ...{ epoch: '1', state: 'enabled', role: 'user', name, limits: '', revision: '1' },
      must_change: '0',
    })
  },
)

/** What somebody without the secret can make out of two sessions of their own. */
const FORGERIES: Readonly<Record<string, (own: ClientSession, other: ClientSession) => string>> = {
  nothing: () => '',
  'no cookie of ours': () => 'admin',
  'without its mac': ({ uid, token }) => `${uid}.${token}`,
  'with an empty mac': ({ uid, token }) => `${uid}.${token}.`,
  'truncated by one character': ({ value }) => value.slice(0, -1),
  'longer by one character': ({ value }) => `${value}A`,
  'with one character of the mac changed': ({ uid, token, mac }) =>
    `${uid}.${token}.${changed(mac)}`,
  'with one character of the token changed': ({ uid, token, mac }) =>
    `${uid}.${changed(token)}.${mac}`,
  'with the mac of another user': ({ uid, token }, { mac }) => `${uid}.${token}.${mac}`,
  'in the name of another user': ({ token, mac }, { uid }) => `${uid}.${token}.${mac}`,
  'in the name of user 0': ({ token, mac }) => `0.${token}.${mac}`,
  'with a zero before the user id': ({ value }) => `0${value}`,
  'signed with another secret': ({ uid, token }) =>
    sessionFor(uid, token, 'not-the-secret-of-this-stack-at-all').cookie,
  'in capitals': ({ value }) => value.toUpperCase(),
}

function changed(text: string): string {
  const middle = text.length >> 1
  return `${text.slice(0, middle)}${text[middle] === 'A' ? 'B' : 'A'}${text.slice(middle + 1)}`
}

stackTest('a forged cookie is refused without asking Redis', async ({ plan }) => {
  const own = sessionOf(plan, (await signedIn(plan)).client)
  const other = sessionOf(plan, (await signedIn(plan)).client)
  const before = await commandCounts(plan)
  for (const [what, forge] of Object.entries(FORGERIES)) {
    const client = bearing(plan, forge(own, other))
    const answer = await client.send('/api/me')
    assert.equal(answer.status, 401, `a cookie ${what}`)
    assertProblem(answer, 401, 'unauthenticated')
    const post = await client.send('/api/chat', { body: { message: 'hello' } })
    assertProblem(post, 401, 'unauthenticated')
    const page = await client.send('/chat')
    assert.equal(page.status, 302, `a cookie ${what}`)
    assert.equal(page.headers.location, '/login?next=%2Fchat')
  }
  assert.deepEqual(await commandCounts(plan), before)
  // The counting itself works: the genuine cookie does ask.
  assert.equal((await bearing(plan, own.value).send('/api/me')).status, 200)
  const after = await commandCounts(plan)
  assert.ok((after['hmget'] ?? 0) > (before['hmget'] ?? 0))
})

stackTest(
  'a well-signed cookie of a session that Redis does not know is refused',
  async ({ plan }) => {
    const { account } = await signedIn(plan)
    const [secret = ''] = plan.gate.sessionSecrets.split(',')
    const { cookie } = sessionFor(account.id, randomBytes(32).toString('base64url'), secret)
    assertProblem(await bearing(plan, cookie).send('/api/me'), 401, 'unauthenticated')
  },
)

stackTest('the cookie is found among others, and nowhere else', async ({ plan }) => {
  const { value } = sessionOf(plan, (await signedIn(plan)).client)
  const name = plan.settings.cookieName
  const client = new Client(plan)
  const status = async (headers: Record<string, string>) =>
    (await client.send('/api/me', { headers })).status
  assert.equal(await status({ Cookie: `lang=en; a=b; ${name}=${value}; c="d"` }), 200)
  assert.equal(await status({ Cookie: `x${name}=${value}` }), 401)
  assert.equal(await status({ Cookie: `sid=${value}` }), 401)
  assert.equal(await status({ Cookie: `a=${name}=${value}` }), 401)
  assert.equal(await status({ Authorization: `Bearer ${value}` }), 401)
  assert.equal((await client.send(`/api/me?${name}=${value}`)).status, 401)
})

stackTest(
  'a page asked for without a session leads to the login page and back',
  async ({ plan }) => {
    const client = new Client(plan)
    for (const [path, next] of [
      ['/chat', '%2Fchat'],
      ['/dashboard?from=2026-01-01&x=%2F', '%2Fdashboard%3Ffrom%3D2026-01-01%26x%3D%252F'],
      ['/admin', '%2Fadmin'],
    ]) {
      const answer = await client.send(path ?? '')
      assert.equal(answer.status, 302)
      assert.equal(answer.headers.location, `/login?next=${next}`)
      assert.equal(answer.headers['cache-control'], 'no-store')
    }
  },
)
