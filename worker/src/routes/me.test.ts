import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Me } from '#contract/api.ts'
import type { Problem } from '#contract/problem.ts'
import { createApp } from '../app.ts'
import { DEFAULT_PASSWORD } from '../env.ts'
import { type FakeDeps, fakeDeps, gateHeaders, jsonOf, testEnv } from '../fake-deps.ts'

async function me(deps: FakeDeps, headers: Record<string, string>) {
  const response = await createApp(deps).request('/api/me', { headers })
  return { status: response.status, body: await jsonOf<Partial<Me & Problem>>(response) }
}

test('people learn who they are and what hinders their chat', async () => {
  assert.deepEqual(await me(fakeDeps(), gateHeaders('2')), {
    status: 200,
    body: {
      id: '2',
      username: 'anna',
      role: 'user',
      timezone: 'Asia/Shanghai',
      notices: ['no_upstream_key'],
    },
  })
})

test('default passwords are the business of admins only', async () => {
  const { mysql } = testEnv()
  const env = testEnv({ mysql: { ...mysql, password: DEFAULT_PASSWORD } })
  const deps = fakeDeps({ env })
  const root = await deps.users.findById('1')
  assert.ok(root)
  deps.accounts.set('1', { ...root, passwordHash: `hash of ${DEFAULT_PASSWORD}` })
  assert.deepEqual((await me(deps, gateHeaders('1', 'admin'))).body.notices, [
    'no_upstream_key',
    'default_admin_password',
    'default_mysql_password',
  ])
  assert.deepEqual((await me(deps, gateHeaders('2'))).body.notices, ['no_upstream_key'])
})

test('nobody, half an identity and a removed account are not signed in', async () => {
  const { 'X-Gate-Session': _session, ...half } = gateHeaders('2')
  for (const headers of [
    gateHeaders(),
    half,
    { ...gateHeaders('2'), 'X-Gate-Role': 'owner' },
    { ...gateHeaders('2'), 'X-Gate-User': '02' },
    gateHeaders('77'),
  ]) {
    const { status, body } = await me(fakeDeps(), headers)
    assert.equal(status, 401, JSON.stringify(headers))
    assert.equal(body.code, 'unauthenticated')
  }
})
