import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { loginPath, nextPath } from './next-path.ts'

const ORIGIN = 'https://chat.example'

test('own paths are kept', () => {
  for (const path of ['/chat', '/dashboard?range=week#records', '/', '/admin', '/loginish']) {
    assert.equal(nextPath(`?next=${encodeURIComponent(path)}`), path)
  }
})

test('anything that leaves the site, or leads in circles, becomes /chat', () => {
  const refused = [
    '',
    'chat',
    'https://evil.example/',
    '//evil.example',
    '/\\evil.example',
    '/a\\b',
    '/\t/evil.example',
    '/\n/evil.example',
    'javascript:alert(1)',
    '/login',
    '/login?next=/login',
    '/logout',
    `/${'a'.repeat(512)}`,
  ]
  for (const path of refused) {
    assert.equal(nextPath(`?next=${encodeURIComponent(path)}`), '/chat', JSON.stringify(path))
  }
  assert.equal(nextPath(''), '/chat')
})

test('no text at all leads to another origin', () => {
  const part = fc.constantFrom('/', '\\', '.', ':', '@', '\t', 'evil.example', 'a', '?', '#', '%2f')
  fc.assert(
    fc.property(fc.array(part), (parts) => {
      const path = nextPath(`?next=${encodeURIComponent(parts.join(''))}`)
      assert.equal(new URL(path, ORIGIN).origin, ORIGIN)
    }),
  )
})

test('the login path leads back', () => {
  const path = '/dashboard?range=week&page=2'
  assert.equal(nextPath(loginPath(path).replace('/login', '')), path)
})
