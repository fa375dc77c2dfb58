import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { nextPath } from './next-path.ts'

test('own paths are kept', () => {
  for (const path of ['/', '/chat', '/chat?c=12#m3', '/dashboard', '/admin?tab=keys', '/loginx']) {
    assert.equal(nextPath(path), path)
  }
})

test('everything else leads to the chat', () => {
  for (const path of [
    undefined,
    '',
    'chat',
    'https://evil.example',
    '//evil.example',
    '///evil.example',
    '/\\evil.example',
    '\\\\evil.example',
    '/a\\b',
    '/\t/evil.example',
    '/\n/evil.example',
    '/a\r\nSet-Cookie: a=b',
    '/a//b',
    '/ space',
    '/é',
    'javascript:alert(1)',
    `/${'a'.repeat(512)}`,
    '/login',
    '/login?next=/chat',
    '/logout',
  ]) {
    assert.equal(nextPath(path), '/chat', JSON.stringify(path))
  }
})

test('no text at all leads to another host', () => {
  const slashes = fc.stringMatching(/^[/\\\t\n:.@a-z]{0,12}$/)
  fc.assert(
    fc.property(fc.oneof(fc.string(), slashes), (text) => {
      assert.equal(new URL(nextPath(text), 'https://own.example').origin, 'https://own.example')
    }),
  )
})
