import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseAddresses, parseDomains, parseFlood } from './setting-values.ts'

test('flood protection is a rate with an optional burst, or off', () => {
  assert.deepEqual(parseFlood('100r/s burst=400'), { rate: '100r/s', burst: 400 })
  assert.deepEqual(parseFlood('30r/m'), { rate: '30r/m', burst: 0 })
  assert.deepEqual(parseFlood('off'), { rate: undefined, burst: 0 })
  for (const text of ['', '100', '100r/h', 'r/s', '100r/s; deny all']) {
    assert.equal(parseFlood(text), undefined, text)
  }
})

test('domains are host names, in lower case', () => {
  assert.deepEqual(parseDomains('Chat.Example, b.example'), ['chat.example', 'b.example'])
  for (const text of [
    '',
    'a b',
    'a_b.example',
    '-a.example',
    'a.example;',
    `${'a'.repeat(64)}.example`,
  ]) {
    assert.equal(parseDomains(text), undefined, text)
  }
})

test('trusted proxies are addresses or networks', () => {
  assert.deepEqual(parseAddresses('10.0.0.0/8, 192.0.2.1, 2001:db8::/32'), [
    '10.0.0.0/8',
    '192.0.2.1',
    '2001:db8::/32',
  ])
  assert.deepEqual(parseAddresses(''), [])
  for (const text of ['10.0.0.0/33', 'example.com', '10.0.0.0/8/8', '2001:db8::/129', '1.2.3.4/']) {
    assert.equal(parseAddresses(text), undefined, text)
  }
})
