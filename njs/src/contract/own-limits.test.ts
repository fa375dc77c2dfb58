import assert from 'node:assert/strict'
import { test } from 'node:test'
import { formatOwnLimits, parseOwnLimits, tokenLimitName } from './own-limits.ts'

test('quotas are read and written by policy name', () => {
  const quotas = parseOwnLimits('chat=20,api-day=500')
  assert.deepEqual(
    [...quotas],
    [
      ['chat', 20],
      ['api-day', 500],
    ],
  )
  assert.equal(formatOwnLimits(quotas), 'chat=20,api-day=500')
  assert.equal(parseOwnLimits('').size, 0)
})

test("a token's limit stands beside its user's of the same name", () => {
  const quotas = parseOwnLimits(`v1=3,${tokenLimitName('v1')}=9`)
  assert.deepEqual([quotas.get('v1'), quotas.get(tokenLimitName('v1'))], [3, 9])
})

test('what is no limit names the part that is wrong', () => {
  for (const text of [
    'chat',
    'chat=',
    'chat=0',
    'chat=2001',
    'chat=1,chat=2',
    'Chat=1',
    'chat=1,',
    'tok.chat=1',
    'token.=1',
  ]) {
    assert.throws(() => parseOwnLimits(text), RangeError, text)
  }
})
