import assert from 'node:assert/strict'
import { test } from 'node:test'
import { formatSessionCookie, parseSessionCookie, sessionCookieName } from './session.ts'

const TOKEN = 'AbC-_9'.padEnd(43, 'x')
const MAC = 'm'.repeat(43)

test('a cookie value is read back', () => {
  const cookie = { uid: '42', token: TOKEN, mac: MAC }
  assert.deepEqual(parseSessionCookie(formatSessionCookie(cookie)), cookie)
})

test('what does not have the parts of a cookie is none', () => {
  const good = `42.${TOKEN}.${MAC}`
  for (const value of [
    '',
    'x',
    `.${TOKEN}.${MAC}`,
    `${TOKEN}.${MAC}`,
    `42.${TOKEN}`,
    `42.${TOKEN}.`,
    `42-${TOKEN}.${MAC}`,
    `42.${TOKEN}-${MAC}`,
    good.slice(0, -1),
    `${good}x`,
    `${good}\n`,
    `${'9'.repeat(21)}.${TOKEN}.${MAC}`,
  ]) {
    assert.equal(parseSessionCookie(value), undefined, JSON.stringify(value))
  }
})

test('two copies on one host have two cookies', () => {
  assert.equal(sessionCookieName(443), '__Host-sid')
  assert.equal(sessionCookieName(8443), '__Host-sid')
  assert.equal(sessionCookieName(9443), '__Host-sid-9443')
})
