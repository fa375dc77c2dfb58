/** Signing in, and what the service says to somebody who is. */

import assert from 'node:assert/strict'
import type { Me } from '#contract/api.ts'
import { DEFAULT_PASSWORD } from '../../worker/src/env.ts'
import { makeAccount, signedIn } from '../support/accounts.ts'
import { type Answer, Client } from '../support/client.ts'
import { partOf, processorTicks } from '../support/processes.ts'
import { sqlRows, sqlRun } from '../support/sql.ts'
import { useStack } from '../support/test-stack.ts'

const { stackTest } = useStack()

const SEED = 'guopengfei_learning'

function postForm(client: Client, fields: Readonly<Record<string, string>>): Promise<Answer> {
  const headers = { 'Content-Type': 'application/x-www-form-urlencoded' }
  return client.send('/login', { headers, body: new URLSearchParams(fields).toString() })
}

async function isSignedIn(client: Client): Promise<boolean> {
  return (await client.send('/api/me')).status === 200
}

stackTest('a new installation has one admin, its password kept as argon2id', async ({ plan }) => {
  const rows = await sqlRows(
    plan,
    'SELECT role, state, password_hash FROM users WHERE id = 1 AND username = ?',
    [SEED],
  )
  assert.equal(rows.length, 1)
  assert.deepEqual([rows[0]?.['role'], rows[0]?.['state']], ['admin', 'enabled'])
  assert.match(String(rows[0]?.['password_hash']), /^\$argon2id\$v=19\$m=\d{4,},t=\d,p=\d\$/)
  const client = new Client(plan)
  const answer = await client.signIn(SEED, DEFAULT_PASSWORD)
  assert.equal(answer.status, 200)
  const { username, role, notices } = (await client.send('/api/me')).json<Me>()
  assert.deepEqual({ username, role }, { username: SEED, role: 'admin' })
  assert.deepEqual([...notices].sort(), [
    'default_admin_password',
    'default_mysql_password',
    'standin_upstream',
  ])
})

stackTest('JSON: who signed in, and a cookie that only the browser can use', async ({ plan }) => {
  const account = await makeAccount(plan)
  const client = new Client(plan)
  const answer = await client.signIn(account.username.toUpperCase(), account.password)
  assert.equal(answer.status, 200)
  const { id, username } = account
  assert.deepEqual(answer.json(), { user: { id, username, role: 'user' }, must_change: false })
  const [cookie = '', ...more] = answer.headers['set-cookie'] ?? []
  assert.deepEqual(more, [])
  const [pair = '', ...attributes] = cookie.split('; ')
  assert.ok(pair.startsWith(`${plan.settings.cookieName}=${id}.`))
  assert.deepEqual(attributes.sort(), [
    'HttpOnly',
    `Max-Age=${30 * 86_400}`,
    'Path=/',
    'SameSite=Lax',
    'Secure',
  ])
  assert.equal(answer.headers['cache-control'], 'no-store')
  assert.deepEqual((await client.send('/api/me')).json<Me>(), {
    ...{ id, username, role: 'user', timezone: 'Asia/Shanghai' },
    notices: ['standin_upstream'],
  })
})

const PLACES: readonly (readonly [next: string | undefined, place: string])[] = [
  [undefined, '/chat'],
  ['/dashboard?from=1', '/dashboard?from=1'],
  ['//evil.example/', '/chat'],
  ['/\\evil.example', '/chat'],
  ['https://evil.example/', '/chat'],
  ['/a\r\nSet-Cookie: x=1', '/chat'],
  ['/logout', '/chat'],
]

stackTest('a form leads to where it was meant to, on this site only', async ({ plan }) => {
  const { username, password } = await makeAccount(plan)
  for (const [next, place] of PLACES) {
    const client = new Client(plan)
    const answer = await postForm(client, { username, password, ...(next && { next }) })
    assert.equal(answer.status, 303)
    assert.equal(answer.headers['location'], place, `next=${next}`)
    assert.ok(await isSignedIn(client))
  }
})

stackTest('a form that fails leads back to the form, without a cookie', async ({ plan }) => {
  const { username, password } = await makeAccount(plan)
  for (const fields of [
    { username, password: 'wrong' },
    { username: 'test-nobody', password },
    { username },
    { username, password: '' },
  ]) {
    const client = new Client(plan)
    const answer = await postForm(client, { ...fields, next: '/dashboard' })
    assert.equal(answer.status, 303)
    assert.equal(answer.headers['location'], '/login#failed')
    assert.equal(answer.headers['set-cookie'], undefined)
    assert.equal(await isSignedIn(client), false)
  }
})

stackTest('unknown, wrong and disabled get the same answer for the same work', async ({ plan }) => {
  const { username, password } = await makeAccount(plan)
  const off = await makeAccount(plan)
  await sqlRun(plan, "UPDATE users SET state = 'disabled' WHERE id = ?", [off.id])
  const attempts: Readonly<Record<string, readonly [string, string]>> = {
    wrong: [username, 'not-the-password'],
    unknown: ['test-nobody', password],
    disabled: [off.username, off.password],
    injection: ["' OR 1=1 -- ", password],
  }
  const worker = partOf(plan, 'worker')
  const work: Record<string, number> = {}
  const bodies = new Set<string>()
  const client = new Client(plan)
  for (let round = 0; round < 8; round++) {
    for (const [name, credentials] of Object.entries(attempts)) {
      const before = processorTicks(worker)
      const answer = await client.signIn(...credentials)
      work[name] = (work[name] ?? 0) + processorTicks(worker) - before
      assert.equal(answer.status, 401)
      assert.equal(answer.headers['set-cookie'], undefined)
      bodies.add(JSON.stringify({ ...answer.json(), request_id: '' }))
    }
  }
  assert.equal(bodies.size, 1, [...bodies].join('\n'))
  // Nearly all of it is hashing; without it an answer would come in a fraction of the time.
  for (const [name, ticks] of Object.entries(work)) {
    assert.ok(
      ticks > (work['wrong'] ?? 0) / 2,
      `${name} shows by its time: ${JSON.stringify(work)}`,
    )
  }
})

const BAD_BODIES: readonly (readonly [body: unknown, status: number, code: string])[] = [
  ['{"username":', 400, 'invalid_json'],
  [{}, 400, 'invalid_request'],
  [{ username: 'a' }, 400, 'invalid_request'],
  [{ username: 'a', password: ['b'] }, 400, 'invalid_request'],
  [{ username: 'a', password: 'b', admin: true }, 400, 'invalid_request'],
  [{ username: 'a'.repeat(65), password: 'b' }, 400, 'invalid_request'],
  [{ username: 'a', password: 'b'.repeat(257) }, 400, 'invalid_request'],
]

stackTest('a body that is no sign-in says what is wrong with it', async ({ plan }) => {
  const client = new Client(plan)
  for (const [body, status, code] of BAD_BODIES) {
    const headers = { 'Content-Type': 'application/json' }
    const answer = await client.send('/login', { headers, body })
    assert.equal(answer.status, status, answer.text)
    assert.equal(answer.json()['code'], code)
    assert.equal(answer.headers['set-cookie'], undefined)
  }
  const answer = await client.send('/login', {
    headers: { 'Content-Type': 'multipart/form-data; boundary=x' },
    body: '--x--',
  })
  assert.equal(answer.status, 415)
})

stackTest('the time of the last sign-in is kept; a failed one does not count', async ({ plan }) => {
  const account = await makeAccount(plan)
  const client = new Client(plan)
  const lastLogin = async () => {
    const [row] = await sqlRows(plan, 'SELECT last_login_at FROM users WHERE id = ?', [account.id])
    return row?.['last_login_at']
  }
  await client.signIn(account.username, 'wrong')
  assert.equal(await lastLogin(), null)
  const before = Date.now()
  await client.signIn(account.username, account.password)
  const at = await lastLogin()
  assert.ok(at instanceof Date && at.getTime() >= before && at.getTime() <= Date.now(), String(at))
})

stackTest('signing in again ends the session that was there', async ({ plan }) => {
  const { client, account } = await signedIn(plan)
  const old = new Client(plan)
  for (const [name, value] of client.cookies) old.cookies.set(name, value)
  assert.ok(await isSignedIn(old))
  await client.signIn(account.username, account.password)
  assert.equal(await isSignedIn(old), false)
  assert.ok(await isSignedIn(client))
})
