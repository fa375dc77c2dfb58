import assert from 'node:assert/strict'
import { test } from 'node:test'
import { loginAddress } from './login-redirect.ts'

test('the page asked for comes back after signing in', () => {
  assert.equal(loginAddress('/chat?c=1&x=%20'), '/login?next=%2Fchat%3Fc%3D1%26x%3D%2520')
})

test('what leads elsewhere is dropped', () => {
  for (const target of [
    '',
    'https://x.example/',
    '//x.example',
    '/\\x.example',
    `/${'a'.repeat(600)}`,
  ]) {
    assert.equal(loginAddress(target), '/login')
  }
})
