import assert from 'node:assert/strict'
import { test } from 'node:test'
import { formatRevocation, parseRevocation, type Revocation } from './revocation.ts'

test('both kinds are read back', () => {
  const revocations: readonly Revocation[] = [
    { kind: 'session', uid: '7', session: 'ab'.repeat(32) },
    { kind: 'epoch', uid: '7', epoch: 12 },
  ]
  for (const revocation of revocations) {
    assert.deepEqual(parseRevocation(formatRevocation(revocation)), revocation)
  }
})

test('anything else is nothing', () => {
  for (const value of ['', '7', '7:', ':1', '0:1', '7:-1', '7:abc', `7:${'A'.repeat(64)}`]) {
    assert.equal(parseRevocation(value), undefined, value)
  }
})
