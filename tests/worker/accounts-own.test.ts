/** An installation whose operator has set names and passwords. */

import assert from 'node:assert/strict'
import type { Me } from '#contract/api.ts'
import { DEFAULT_PASSWORD } from '../../worker/src/env.ts'
import { Client } from '../support/client.ts'
import { sqlRows } from '../support/sql.ts'
import { useStack } from '../support/test-stack.ts'

// Passwords with what shells, SQL and URLs would stumble over.
const ADMIN = { username: '管理员', password: 'p&ss "w0rd" % \\ $HOME' }
const { stackTest } = useStack({
  ADMIN_USERNAME: ADMIN.username,
  ADMIN_PASSWORD: ADMIN.password,
  MYSQL_USER: "chat'gate",
  MYSQL_PASSWORD: 'it\'s a "secret" \\ %',
  MYSQL_DB: 'chat`gate',
  APP_TIMEZONE: 'America/New_York',
})

stackTest('the first admin has the name and password of the settings', async ({ plan }) => {
  const users = await sqlRows(plan, 'SELECT username FROM users')
  assert.deepEqual(
    users.map(({ username }) => username),
    [ADMIN.username],
  )
  const client = new Client(plan)
  assert.equal((await client.signIn(ADMIN.username, DEFAULT_PASSWORD)).status, 401)
  assert.equal((await client.signIn('guopengfei_learning', DEFAULT_PASSWORD)).status, 401)
  assert.equal((await client.signIn(ADMIN.username, ADMIN.password)).status, 200)
})

stackTest('an admin is not nagged about passwords that are not the default', async ({ plan }) => {
  const client = new Client(plan)
  await client.signIn(ADMIN.username, ADMIN.password)
  assert.deepEqual((await client.send('/api/me')).json<Me>().notices, ['standin_upstream'])
})

stackTest('periods are counted in the zone of the settings', async ({ plan }) => {
  const client = new Client(plan)
  await client.signIn(ADMIN.username, ADMIN.password)
  const summary = await client.send('/api/usage/summary')
  assert.equal(summary.json()['timezone'], 'America/New_York')
})
