import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parsePolicies } from './limit-policy.ts'

test('one policy is read', () => {
  assert.deepEqual(parsePolicies('"chat";q=5;w=60'), [
    { name: 'chat', quota: 5, windowSeconds: 60 },
  ])
})

test('several policies are read in order, spaces and parameter order do not matter', () => {
  assert.deepEqual(parsePolicies('"minute"; q=5; w=60 , "day";w=86400;q=100'), [
    { name: 'minute', quota: 5, windowSeconds: 60 },
    { name: 'day', quota: 100, windowSeconds: 86_400 },
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
  ]
  for (const text of wrong) assert.throws(() => parsePolicies(text), RangeError, text)
})
