import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { test } from 'node:test'
import { parseAccessToken } from '#contract/access-token.ts'
import { accessTokenFor, newAccessToken } from './access-token.ts'

const SECRET = 'a signing secret of more than 32 characters'

test('every token is another one, and is named by the hash of its secret', () => {
  const made = Array.from({ length: 100 }, () => newAccessToken('42', SECRET))
  assert.equal(new Set(made.map(({ token }) => token)).size, 100)
  for (const { token, hash, last4 } of made) {
    const parts = parseAccessToken(token)
    assert.equal(parts?.uid, '42')
    assert.equal(
      hash,
      createHash('sha256')
        .update(parts?.secret ?? '')
        .digest('hex'),
    )
    assert.ok(token.endsWith(last4) && last4.length === 4)
  }
})

test('the mac depends on user, secret part and signing secret', () => {
  const mac = (uid: string, secret: string, signing: string) =>
    parseAccessToken(accessTokenFor(uid, secret, signing).token)?.mac
  const [one, other] = ['0'.repeat(40), '1'.repeat(40)]
  assert.equal(mac('1', one, SECRET), mac('1', one, SECRET))
  const macs = [
    mac('1', one, SECRET),
    mac('2', one, SECRET),
    mac('1', other, SECRET),
    mac('1', one, `${SECRET}!`),
  ]
  assert.equal(new Set(macs).size, 4)
})
