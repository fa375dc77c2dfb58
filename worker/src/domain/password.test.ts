import assert from 'node:assert/strict'
import { test } from 'node:test'
import { hash, verify } from '@node-rs/argon2'
import { createPasswordHasher } from './password.ts'

test('a stored password verifies, another does not, and the cost is the declared one', async () => {
  const hasher = await createPasswordHasher()
  const phc = await hasher.hash('correct horse 电池')
  assert.match(phc, /^\$argon2id\$v=19\$m=19456,t=2,p=1\$/)
  assert.equal(await hasher.verify(phc, 'correct horse 电池'), true)
  assert.equal(await hasher.verify(phc, 'correct horse'), false)
  assert.equal(hasher.needsRehash(phc), false)
})

test('an unknown user costs the very work of a wrong password, and nobody knows theirs', async () => {
  const judged: string[] = []
  const hasher = await createPasswordHasher({
    hash,
    verify: async (phc, password) => {
      judged.push(String(phc))
      await verify(phc, password)
      // As if somebody had guessed what the dummy was made of.
      return true
    },
  })
  const known = await hasher.hash('x')
  assert.equal(await hasher.verify(known, 'y'), true)
  assert.equal(await hasher.verify(undefined, 'y'), false)
  assert.equal(judged.length, 2)
  const cost = (phc: string | undefined) => phc?.split('$').slice(0, 4)
  assert.deepEqual(cost(judged[1]), cost(known))
})

test('a hash of another cost is renewed', async () => {
  const hasher = await createPasswordHasher()
  const cheap = await hash('x', { memoryCost: 8192, timeCost: 1, parallelism: 1 })
  assert.equal(hasher.needsRehash(cheap), true)
  assert.equal(await hasher.verify(cheap, 'x'), true)
})

test('more callers than can wait are sent away with a time to come back', async () => {
  const hasher = await createPasswordHasher()
  const results = await Promise.allSettled(
    Array.from({ length: 103 }, () => hasher.verify('not a hash', 'x')),
  )
  const busy = results.filter(
    (result) => result.status === 'rejected' && result.reason.code === 'worker_unavailable',
  )
  assert.equal(busy.length, 1)
})
