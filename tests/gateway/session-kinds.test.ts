/** A session opens the pages and their API, an access token opens /v1; neither opens the other. */

import assert from 'node:assert/strict'
import { Client } from '../support/client.ts'
import { knownTo, plantToken } from '../support/gate-people.ts'
import { assertProblem } from '../support/problem.ts'
import { bearing, sessionOf } from '../support/session.ts'
import { useStack } from '../support/test-stack.ts'

const { stackTest } = useStack()

function models(client: Client, credential: string) {
  return client.send('/v1/models', { headers: { Authorization: `Bearer ${credential}` } })
}

stackTest('an access token is no session cookie, not even one the gate knows', async ({ plan }) => {
  const { account } = await knownTo(plan, 'admin')
  const [known, unknown] = [await plantToken(plan, account.id), await plantToken(plan, account.id)]
  assert.equal((await models(new Client(plan), known)).status, 200)
  for (const token of [known, unknown]) {
    const client = bearing(plan, token)
    assertProblem(await client.send('/api/me'), 401, 'unauthenticated')
    assertProblem(
      await client.send('/api/chat', { body: { message: 'x' } }),
      401,
      'unauthenticated',
    )
    assertProblem(await client.send('/admin/api/keys'), 401, 'unauthenticated')
    const page = await client.send('/admin')
    assert.equal(page.status, 302)
    assert.equal(page.headers.location, '/login?next=%2Fadmin')
  }
})

stackTest('a session cookie is no access token, not even one the gate knows', async ({ plan }) => {
  const { client } = await knownTo(plan)
  const { value } = sessionOf(plan, client)
  const answer = await models(new Client(plan), value)
  assert.equal(answer.status, 401)
  assert.equal(answer.json<{ error: { code: string } }>().error.code, 'invalid_api_key')
  // The gate says so itself: nothing was counted, and the worker not asked.
  assert.equal(answer.headers['ratelimit'], undefined)
})
