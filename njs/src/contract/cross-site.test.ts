import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isSameSite, mayLogOutByGet } from './cross-site.ts'

const post = { method: 'POST', secFetchSite: undefined, origin: undefined, host: 'a.example:8443' }

test('safe methods pass from anywhere', () => {
  for (const method of ['GET', 'HEAD', 'OPTIONS']) {
    assert.equal(isSameSite({ ...post, method, secFetchSite: 'cross-site' }), true)
  }
})

test('Sec-Fetch-Site decides when it is there, whatever Origin says', () => {
  const own = 'https://a.example:8443'
  for (const [secFetchSite, expected] of [
    ['same-origin', true],
    ['none', true],
    ['same-site', false],
    ['cross-site', false],
    ['', false],
  ] as const) {
    assert.equal(isSameSite({ ...post, secFetchSite, origin: own }), expected, secFetchSite)
  }
})

test('without it Origin must equal Host, port included', () => {
  assert.equal(isSameSite({ ...post, origin: 'https://A.example:8443' }), true)
  assert.equal(isSameSite({ ...post, origin: 'https://a.example' }), false)
  assert.equal(isSameSite({ ...post, origin: 'http://a.example:8443' }), false)
  assert.equal(isSameSite({ ...post, origin: 'https://b.example:8443' }), false)
  assert.equal(isSameSite({ ...post, origin: 'null' }), false)
  assert.equal(isSameSite({ ...post, origin: 'https://a.example:8443', host: undefined }), false)
})

test('without both it is no browser and passes', () => {
  assert.equal(isSameSite(post), true)
})

test('signing out by GET is for people, not for other sites or prefetches', () => {
  assert.equal(mayLogOutByGet('same-origin', undefined), true)
  assert.equal(mayLogOutByGet('none', undefined), true)
  assert.equal(mayLogOutByGet(undefined, undefined), true)
  assert.equal(mayLogOutByGet('cross-site', undefined), false)
  assert.equal(mayLogOutByGet('same-site', undefined), false)
  assert.equal(mayLogOutByGet('same-origin', 'prefetch;anonymous-client-ip'), false)
})
