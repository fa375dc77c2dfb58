import assert from 'node:assert/strict'
import { createHash, createHmac } from 'node:crypto'
import { test } from 'node:test'
import { parseSessionCookie } from '#contract/session.ts'
import { newSession, sessionFor } from './session-token.ts'

const SECRET = 'a secret of more than thirty-two characters'

test('the cookie parses, its mac covers user and token, the hash is of the token', () => {
  const session = newSession('42', SECRET)
  const cookie = parseSessionCookie(session.cookie)
  assert.ok(cookie)
  assert.equal(cookie.uid, '42')
  const mac = createHmac('sha256', SECRET).update(`sid.v1|42|${cookie.token}`).digest('base64url')
  assert.equal(cookie.mac, mac)
  assert.equal(session.hash, createHash('sha256').update(cookie.token).digest('hex'))
})

test('two sessions never share a token, and another secret makes another mac', () => {
  assert.notEqual(newSession('1', SECRET).hash, newSession('1', SECRET).hash)
  const token = 'A'.repeat(43)
  assert.notEqual(
    sessionFor('1', token, SECRET).cookie,
    sessionFor('1', token, `${SECRET}!`).cookie,
  )
})
