import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Problem } from '#contract/problem.ts'
import { createApp } from '../app.ts'
import type { Deps } from '../deps.ts'
import { resetTokenHash } from '../domain/reset-token.ts'
import { account } from '../fake-accounts.ts'
import { fakeDeps, gateHeaders, jsonOf } from '../fake-deps.ts'

function use(deps: Deps, body: object, headers = gateHeaders()) {
  return createApp(deps).request('/api/password-reset', {
    method: 'POST',
    headers: { ...headers, 'Content-Type': 'application/json' },
    body: JSON.stringify(body),
  })
}

const NEW = 'nobody has read this one'

/** One link, of the user 2. */
function withLink() {
  const deps = fakeDeps()
  const owner = account('2', 'anna', 'user')
  const used: string[] = []
  const passwordResets: Deps['passwordResets'] = {
    ...deps.passwordResets,
    find: async (hash) => (hash === resetTokenHash('good') ? owner : undefined),
    use: async (hash, _, passwordHash) => {
      used.push(`${hash} ${passwordHash}`)
      return used.length === 1 ? { ...owner, epoch: 5, mustChange: 0 } : undefined
    },
  }
  return { deps, used, parts: { ...deps, passwordResets } }
}

test('a link gives another password and ends all sessions', async () => {
  const { deps, parts, used } = withLink()
  const response = await use(parts, { token: 'good', new_password: NEW })
  assert.equal(response.status, 204)
  assert.deepEqual(used, [`${resetTokenHash('good')} hash of ${NEW}`])
  assert.equal(response.headers.get('X-Gate-Revoke'), '2:5')
  assert.equal(deps.copies[0]?.epoch, 5)
})

test('a link that is none and one that somebody else was faster with get one answer', async () => {
  const { parts } = withLink()
  assert.equal((await use(parts, { token: 'good', new_password: NEW })).status, 204)
  const answers = ['bad', 'good'].map(async (token) => {
    const response = await use(parts, { token, new_password: NEW })
    return { ...(await jsonOf<Problem>(response)), request_id: '' }
  })
  const [unknown, late] = await Promise.all(answers)
  assert.equal(unknown?.code, 'invalid_reset_link')
  assert.deepEqual(unknown, late)
})

test('a bad password does not use the link up', async () => {
  const { parts, used } = withLink()
  for (const new_password of ['short', 'ANNA', 'password123']) {
    const response = await use(parts, { token: 'good', new_password })
    assert.equal(response.status, 400)
    assert.equal((await jsonOf<Problem>(response)).errors?.[0]?.field, 'new_password')
  }
  assert.deepEqual(used, [])
})

test('it is open to who has to change a password first', async () => {
  const { deps, parts } = withLink()
  deps.accounts.set('2', { ...account('2', 'anna', 'user'), mustChange: 1 })
  const response = await use(parts, { token: 'good', new_password: NEW }, gateHeaders('2'))
  assert.equal(response.status, 204)
})
