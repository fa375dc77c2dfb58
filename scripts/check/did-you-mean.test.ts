import assert from 'node:assert/strict'
import { test } from 'node:test'
import { didYouMean, nearestName } from './did-you-mean.ts'

const NAMES = ['GATE_LIMIT_CHAT', 'GATE_LIMIT_LOGIN', 'GATE_FLOOD', 'api', 'page']

test('a slip or two of the pen are recognised', () => {
  for (const [wrong, meant] of [
    ['GATE_LIMIT_CAHT', 'GATE_LIMIT_CHAT'],
    ['GATE_LIMT_CHAT', 'GATE_LIMIT_CHAT'],
    ['GATE_FLOODS', 'GATE_FLOOD'],
    ['GATE_FLOD_', 'GATE_FLOOD'],
    ['pagee', 'page'],
    ['apj', 'api'],
    ['aip', 'api'],
  ] as const) {
    assert.equal(nearestName(wrong, NAMES), meant, wrong)
  }
})

test('what is far from everything means nothing', () => {
  for (const name of ['PATH', 'GATE_SOMETHING', 'xyz', 'aqq', '']) {
    assert.equal(nearestName(name, NAMES), undefined, name)
  }
})

test('of several near names the nearest is offered', () => {
  assert.equal(didYouMean('user_a', ['user_bc', 'user_ab'], '$'), '; did you mean $user_ab?')
  assert.equal(didYouMean('nothing_like_it', ['user_ab']), '')
})
