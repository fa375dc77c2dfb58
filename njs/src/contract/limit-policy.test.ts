import assert from 'node:assert/strict'
import { test } from 'node:test'
import { formatPolicy, parsePolicies } from './limit-policy.ts'

test('one policy is read', () => {
  assert.deepEqual(parsePolicies('"chat";q=5;w=60'), [
    { kind: 'window', name: 'chat', quota: 5, windowSeconds: 60 },
  ])
})

test('several policies are read in order, spaces and parameter order do not matter', () => {
  assert.deepEqual(parsePolicies('"minute"; q=5; w=60 , "day";w=86400;q=100'), [
    { kind: 'window', name: 'minute', quota: 5, windowSeconds: 60 },
    { kind: 'window', name: 'day', quota: 100, windowSeconds: 86_400 },
  ])
})

test('what is no policy names the part that is wrong', () => {
  const wrong = [
    '',
    'chat;q=5;w=60',
    '"chat"',
    '"chat";q=5',
    '"chat";w=60',
    '"chat";q=0;w=60',
    '"chat";q=2001;w=60',
    '"chat";q=5;w=0',
    '"chat";q=5;w=2678401',
    '"chat";q=5;q=6;w=60',
    '"chat";q=5;w=60;x=1',
    '"chat";q=-5;w=60',
    '"chat";q=5.5;w=60',
    '"CHAT";q=5;w=60',
    '"chat";q=5;w=60,',
    '"chat";q=5;w=60, "chat";q=100;w=86400',
    '"streams";q=5;qu="requests"',
    '"streams";q=5;qu=concurrent-requests',
    '"streams";q=5;w=10;qu="concurrent-requests"',
    '"chat";q="five";w=60',
  ]
  for (const text of wrong) assert.throws(() => parsePolicies(text), RangeError, text)
})

test('answers at once are a policy without a window of its own', () => {
  const text = '"streams";q=5;qu="concurrent-requests"'
  const [policy] = parsePolicies(text)
  assert.deepEqual(policy, { kind: 'concurrent', name: 'streams', quota: 5, windowSeconds: 10 })
  assert.equal(policy && formatPolicy(policy), text)
})

test('a policy is written as it is read', () => {
  const text = '"chat";q=5;w=60'
  assert.deepEqual(parsePolicies(text).map(formatPolicy), [text])
})
