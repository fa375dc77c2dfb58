import assert from 'node:assert/strict'
import { test } from 'node:test'
import { account } from '../fake-accounts.ts'
import { createDefaultPasswordCheck } from './default-password.ts'

test('the password is judged once for each stored hash', async () => {
  let passwordHash = 'hash of Gpf_learning'
  let verified = 0
  const users = {
    findByUsername: async (username: string) =>
      username === 'root' ? { ...account('1', username, 'admin'), passwordHash } : undefined,
  }
  const argon = {
    verify: async (phc: string | undefined, password: string) => {
      verified += 1
      return phc === `hash of ${password}`
    },
  }
  const isDefault = createDefaultPasswordCheck(users, argon, 'root')
  assert.equal(await isDefault(), true)
  assert.equal(await isDefault(), true)
  assert.equal(verified, 1)
  passwordHash = 'hash of something better'
  assert.equal(await isDefault(), false)
  assert.equal(await isDefault(), false)
  assert.equal(verified, 2)
  assert.equal(await createDefaultPasswordCheck(users, argon, 'nobody')(), false)
})
