import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  chooseKey,
  isSameServer,
  mayTravel,
  normalBaseUrl,
  type UpstreamKey,
  usableKeys,
} from './upstream-key.ts'

const STANDIN_URL = 'http://127.0.0.1:9146'

function key(alias: string, changes: Partial<UpstreamKey> = {}): UpstreamKey {
  return {
    id: alias,
    alias,
    secret: `sk-${alias}`,
    baseUrl: 'https://api.deepseek.com',
    weight: 1,
    standin: false,
    ...changes,
  }
}

const STANDIN = key('standin', { baseUrl: STANDIN_URL, standin: true })

test('a key may be sent to https, and to http on this machine only', () => {
  assert.equal(normalBaseUrl('https://api.deepseek.com/v1/'), 'https://api.deepseek.com/v1')
  assert.equal(normalBaseUrl('http://127.0.0.1:9146/'), 'http://127.0.0.1:9146')
  assert.equal(normalBaseUrl('http://localhost:1'), 'http://localhost:1')
  assert.equal(normalBaseUrl('http://[::1]:1'), 'http://[::1]:1')
  for (const text of [
    '',
    'api.deepseek.com',
    'http://api.deepseek.com',
    'http://127.0.0.1.evil.example',
    'http://localhost.evil.example',
    'https://user:pw@api.deepseek.com',
    'https://api.deepseek.com?x=1',
    'https://api.deepseek.com#x',
    'ftp://localhost',
    'file:///etc/passwd',
  ]) {
    assert.equal(normalBaseUrl(text), undefined, text)
  }
})

test('one server has many URLs', () => {
  assert.ok(isSameServer('http://localhost:9146/v1', STANDIN_URL))
  assert.ok(isSameServer('https://a.example', 'https://a.example:443/beta'))
  assert.ok(!isSameServer('http://127.0.0.1:9147', STANDIN_URL))
})

test('the stand-in serves only while no real key is enabled, usable or not', () => {
  const real = key('default')
  assert.deepEqual(usableKeys([STANDIN], false), [STANDIN])
  assert.deepEqual(usableKeys([STANDIN, real], true), [real])
  assert.deepEqual(usableKeys([STANDIN, key('off', { weight: 0 })], true), [])
  assert.deepEqual(usableKeys([STANDIN], true), [])
})

test('a real key never goes to the stand-in, nor its key anywhere else', () => {
  assert.equal(mayTravel(key('default'), STANDIN_URL), true)
  assert.equal(mayTravel(key('default'), undefined), true)
  assert.equal(mayTravel(key('x', { baseUrl: 'http://localhost:9146/v1' }), STANDIN_URL), false)
  assert.equal(mayTravel(STANDIN, STANDIN_URL), true)
  assert.equal(mayTravel(STANDIN, undefined), false)
  assert.equal(mayTravel(STANDIN, 'http://127.0.0.1:1'), false)
})

test('keys are chosen by weight', () => {
  const keys = [key('a', { weight: 1 }), key('b', { weight: 3 })]
  const count = (alias: string) =>
    Array.from({ length: 100 }, (_, i) => chooseKey(keys, i / 100)).filter(
      (chosen) => chosen?.alias === alias,
    ).length
  assert.equal(count('a'), 25)
  assert.equal(count('b'), 75)
  assert.equal(chooseKey([], 0.5), undefined)
})
