import assert from 'node:assert/strict'
import { test } from 'node:test'
import { DEFAULT_PASSWORD } from '../env.ts'
import { newOneTimePassword } from './one-time-password.ts'
import { passwordFault } from './password-policy.ts'

test('a good password is one of its own, long or in any script', () => {
  for (const password of [
    'correct horse battery staple',
    '电池订书钉马正确的',
    '🌍🌎🌏🗺🧭🏔⛰🌋',
    ' spaces count ',
    'xy'.repeat(128),
    '1357924680',
  ]) {
    assert.equal(passwordFault(password, 'anna'), undefined, password)
  }
})

test('each fault is told', () => {
  const table: readonly (readonly [string, string])[] = [
    ['', 'short'],
    ['seven77', 'short'],
    // Seven characters in 14 UTF-16 units.
    ['🌍🌎🌏🌋🌑🌒🌓', 'short'],
    [`${'xy'.repeat(128)}z`, 'long'],
    ['well formed? \ud800', 'malformed'],
    ['the one before', 'unchanged'],
    ['anna.longname', 'username'],
    ['Anna.LongName', 'username'],
    ['password', 'common'],
    ['PassWord123', 'common'],
    ['12345678', 'common'],
    ['1234567890', 'common'],
    ['0987654321', 'common'],
    ['aaaaaaaaaaa', 'common'],
    ['abcdefgh', 'common'],
    ['ZYXWVUTS', 'common'],
    [DEFAULT_PASSWORD, 'common'],
  ]
  for (const [password, fault] of table) {
    assert.equal(passwordFault(password, 'anna.longname', 'the one before'), fault, password)
  }
})

test('a one-time password is good, hard to mistake and never the same', () => {
  const made = Array.from({ length: 200 }, newOneTimePassword)
  assert.equal(new Set(made).size, made.length)
  for (const password of made) {
    assert.match(password, /^(?:[a-km-np-z2-9]{4}-){3}[a-km-np-z2-9]{4}$/)
    assert.equal(passwordFault(password, 'anna'), undefined)
  }
  // Every letter of the alphabet turns up: 3200 draws of 32.
  assert.equal(new Set(made.join('').replaceAll('-', '')).size, 32)
})
