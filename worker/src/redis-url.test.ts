import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseRedisUrl } from './redis-url.ts'

const NOBODY = { username: undefined, password: undefined }

test('TCP and TLS with and without credentials, port and database', () => {
  assert.deepEqual(parseRedisUrl('redis://cache'), {
    at: { host: 'cache', port: 6379, tls: false },
    ...NOBODY,
    db: 0,
  })
  assert.deepEqual(parseRedisUrl('rediss://gate:p%40ss@[::1]:7000/3'), {
    at: { host: '::1', port: 7000, tls: true },
    username: 'gate',
    password: 'p@ss',
    db: 3,
  })
})

test('a unix socket with and without credentials and database', () => {
  assert.deepEqual(parseRedisUrl('unix:///run/redis.sock'), {
    at: { path: '/run/redis.sock' },
    ...NOBODY,
    db: 0,
  })
  assert.deepEqual(parseRedisUrl('unix://:s%2Fcret@/run/redis.sock?db=2'), {
    at: { path: '/run/redis.sock' },
    username: undefined,
    password: 's/cret',
    db: 2,
  })
})

test('anything else is refused', () => {
  for (const url of [
    '',
    'localhost:6379',
    'http://cache',
    '/run/redis.sock',
    'redis://',
    'redis://cache/zero',
    'unix://',
    'unix://:%@/run/redis.sock',
    'unix:///run/redis.sock?db=x',
  ]) {
    assert.equal(parseRedisUrl(url), undefined, url)
  }
})
