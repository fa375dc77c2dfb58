/** Who may pass without Redis. */

import assert from 'node:assert/strict'
import { waitFor } from '../../scripts/stack/readiness.ts'
import { type Answer, Client } from './client.ts'
import {
  chat,
  freshAddress,
  knownTo,
  mintToken,
  plantToken,
  strangerTo,
  timingOf,
} from './gate-people.ts'
import { assertProblem } from './problem.ts'
import { away, inTime, type OutageTest, returned } from './redis-outage.ts'
import { bearing, sessionOf } from './session.ts'

const AS_A_PAGE = { headers: { Accept: 'text/html' } }
/** Longer than a session is believed without asking Redis, ms. */
const FRESH_MS = 5000

export function testSessions(test: OutageTest): void {
  test('a known session goes on: pages, reads and writes', async (plan, outage) => {
    const { client } = await knownTo(plan)
    await outage.begin()
    // Two seconds from memory, then because Redis is away, and never a failure between the two.
    const statuses = new Set<number>()
    await waitFor(async () => {
      const answer = await client.send('/api/me')
      statuses.add(answer.status)
      assert.equal(timingOf(answer).source, 'stale')
    }, FRESH_MS)
    assert.deepEqual([...statuses], [200])
    for (const path of ['/chat', '/dashboard']) {
      const page = await client.send(path, AS_A_PAGE)
      assert.equal(page.status, 200, path)
      assert.match(String(page.headers['content-type']), /^text\/html/)
    }
    const write = await client.send('/api/nothing-here', { method: 'POST', body: {} })
    assertProblem(write, 404, 'not_found')
    assert.equal(write.headers['ratelimit'], '"api";r=119;t=60')
    assert.equal(timingOf(write).source, 'stale')
  })

  test('an admin keeps what everybody has, and nothing more', async (plan, outage) => {
    const { client } = await knownTo(plan, 'admin')
    for (const path of ['/admin', '/admin/api/keys']) {
      assert.equal((await client.send(path)).status, 200, path)
    }
    await outage.begin()
    await away(plan)
    assert.equal((await client.send('/api/me')).status, 200)
    assertUnavailable(await client.send('/admin/api/keys'))
    assertUnavailable(await client.send('/admin/api_key', { body: { api_key: 'sk-nothing' } }))
    // The page needs nothing but the session, which may be two seconds old.
    await waitFor(async () => {
      assertUnavailablePage(await client.send('/admin', AS_A_PAGE))
    }, FRESH_MS)
  })

  test('an unknown session waits: 503 and Retry-After, no login page', async (plan, outage) => {
    const { client } = await strangerTo(plan)
    const asks: readonly (() => Promise<Answer>)[] = [
      () => client.send('/api/me'),
      () => chat(client),
      () => client.send('/admin/api/keys'),
    ]
    await outage.begin()
    for (const _ of ['Redis is missed for the first time', 'Redis is known to be away']) {
      for (const ask of asks) assertUnavailable(await inTime(ask()))
      assertUnavailablePage(await inTime(client.send('/chat', AS_A_PAGE)))
      await away(plan)
    }
  })

  test('no cookie and a forged one are refused as ever', async (plan, outage) => {
    const { client } = await knownTo(plan)
    const { uid, token, mac } = sessionOf(plan, client)
    await outage.begin()
    await away(plan)
    for (const nobody of [new Client(plan), bearing(plan, `${uid}.${token}.${turned(mac)}`)]) {
      assertProblem(await nobody.send('/api/me'), 401, 'unauthenticated')
      const page = await nobody.send('/chat', AS_A_PAGE)
      assert.equal(page.status, 302)
      assert.equal(page.headers.location, '/login?next=%2Fchat')
    }
    assert.equal((await new Client(plan).send('/login', AS_A_PAGE)).status, 200)
  })

  test('a known token goes on, an unknown one waits, a forged one is refused', async (plan, outage) => {
    const { account } = await knownTo(plan)
    const client = new Client(plan, freshAddress())
    const models = (token: string) =>
      client.send('/v1/models', { headers: { Authorization: `Bearer ${token}` } })
    const [known, unknown] = [
      await plantToken(plan, account.id),
      await plantToken(plan, account.id),
    ]
    assert.equal((await models(known)).status, 200)
    await outage.begin()
    await away(plan)
    const answer = await models(known)
    assert.equal(answer.status, 200)
    assert.equal(timingOf(answer).source, 'stale')
    assert.match(String(answer.headers['ratelimit']), /^"v1";r=58;t=\d+$/)
    for (const token of [unknown, mintToken(plan, account.id).token]) {
      const waiting = await models(token)
      assert.equal(waiting.status, 503, waiting.text)
      assert.match(String(waiting.headers['retry-after']), /^[1-9]$/)
      const { error } = waiting.json<{ error: { code: string } }>()
      assert.equal(error.code, 'session_store_unavailable')
    }
    const forged = await models(`${known.slice(0, -8)}${turned(known.slice(-8))}`)
    assert.equal(forged.status, 401)
  })

  test('whoever signs out is out, at once and for good', async (plan, outage) => {
    const { client } = await knownTo(plan)
    const { value } = sessionOf(plan, client)
    await outage.begin()
    await away(plan)
    const answer = await inTime(client.send('/logout', { method: 'POST' }))
    assert.equal(answer.status, 303, answer.text)
    assert.equal(client.cookies.has(plan.settings.cookieName), false)
    const thief = bearing(plan, value)
    assertProblem(await thief.send('/api/me'), 401, 'unauthenticated')
    assertProblem(await chat(thief), 401, 'unauthenticated')
    await outage.end()
    await returned(plan)
    assertProblem(await thief.send('/api/me'), 401, 'unauthenticated')
  })
}

function assertUnavailable(answer: Answer): void {
  assertProblem(answer, 503, 'session_store_unavailable')
  assert.match(String(answer.headers['retry-after']), /^[1-9]$/)
  assert.equal(answer.headers['set-cookie'], undefined)
}

function assertUnavailablePage({ status, headers }: Answer): void {
  assert.equal(status, 503)
  assert.match(String(headers['content-type']), /^text\/html/)
  assert.match(String(headers['retry-after']), /^[1-9]$/)
  assert.equal(headers['set-cookie'], undefined)
}

/** Returns the mac with its first character changed. */
function turned(mac: string): string {
  return `${mac[0] === 'a' ? 'b' : 'a'}${mac.slice(1)}`
}
