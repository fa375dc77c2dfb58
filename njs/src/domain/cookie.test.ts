import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readCookie } from './cookie.ts'

test('the named cookie is found among others', () => {
  assert.equal(readCookie('a=1; __Host-sid=x.y.z; b=2', '__Host-sid='), 'x.y.z')
  assert.equal(readCookie('a=1;b=2', 'b='), '2')
  assert.equal(readCookie('a=b=c', 'a='), 'b=c')
})

test('the first of two wins', () => {
  assert.equal(readCookie('a=1; a=2', 'a='), '1')
})

test('a name that only ends the same is another cookie', () => {
  assert.equal(readCookie('x__Host-sid=1', '__Host-sid='), undefined)
  assert.equal(readCookie('', 'a='), undefined)
  assert.equal(readCookie(undefined, 'a='), undefined)
  assert.equal(readCookie('a', 'a='), undefined)
})

test('a name inside the value of another is no cookie', () => {
  assert.equal(readCookie('b=a=1; c= a=2; a=3', 'a='), '3')
  assert.equal(readCookie('b=x a=1', 'a='), undefined)
})
