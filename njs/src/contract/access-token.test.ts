import assert from 'node:assert/strict'
import { test } from 'node:test'
import { bearerToken, formatAccessToken, parseAccessToken, tokenMacInput } from './access-token.ts'

const secret = '0123456789abcdef0123456789abcdef01234567'

test('a token is written and read', () => {
  const token = { uid: '7', secret, mac: 'deadbeef' }
  const text = formatAccessToken(token)
  assert.equal(text, `cg_7_${secret}_deadbeef`)
  assert.deepEqual(parseAccessToken(text), token)
  assert.equal(tokenMacInput('7', secret), `tok.v1|7|${secret}`)
})

test('what cannot be one of ours is none', () => {
  const wrong = [
    ...['', 'sk-1234', `cg_0_${secret}_deadbeef`, `cg_7_${secret}_deadbee`, `cg_7_${secret}`],
    ...[`cg_7_${secret}_DEADBEEF`, ` cg_7_${secret}_deadbeef`, `cg_7_${secret}_deadbeef\n`],
  ]
  for (const text of wrong) assert.equal(parseAccessToken(text), undefined, text)
})

test('the bearer scheme has no case and one token', () => {
  assert.equal(bearerToken('Bearer abc'), 'abc')
  assert.equal(bearerToken('bearer  abc '), 'abc')
  for (const header of [undefined, '', 'Bearer', 'Basic abc', 'Bearer a b']) {
    assert.equal(bearerToken(header), undefined)
  }
})
