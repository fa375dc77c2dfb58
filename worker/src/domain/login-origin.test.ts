import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isSameNetwork, loginSubject } from './login-origin.ts'

test('a network is one IPv4 address or one /64 of IPv6', () => {
  const table: readonly (readonly [string, string, boolean])[] = [
    ['10.0.0.1', '10.0.0.1', true],
    ['10.0.0.1', '10.0.0.2', false],
    ['2001:db8:1:2::1', '2001:db8:1:2:ffff::9', true],
    ['2001:db8:1:2::1', '2001:db8:1:3::1', false],
    ['2001:db8::1', '10.0.0.1', false],
    ['', '', false],
    ['', '10.0.0.1', false],
    ['unix:', 'unix:', false],
  ]
  for (const [one, other, expected] of table) {
    assert.equal(isSameNetwork(one, other), expected, `${one} ${other}`)
    assert.equal(isSameNetwork(other, one), expected, `${other} ${one}`)
  }
})

test('strangers share one count, a known browser and the home network have their own', () => {
  const stranger = { ip: '192.0.2.1', session: undefined }
  assert.equal(loginSubject('a', '', stranger), 'n:a')
  assert.equal(loginSubject('a', '10.0.0.1', stranger), 'n:a')
  assert.equal(loginSubject('a', '192.0.2.1', stranger), 'n:a:home')
  assert.equal(loginSubject('a', '10.0.0.1', { ...stranger, session: 'cafe' }), 'n:a:cafe')
})
