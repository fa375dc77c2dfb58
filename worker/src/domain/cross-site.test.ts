import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isForged, isMeant } from './cross-site.ts'

const HOST = 'chat.example:8443'

test('the table of origins for a request that changes things', () => {
  const table: [site: string | undefined, origin: string | undefined, forged: boolean][] = [
    ['same-origin', undefined, false],
    ['none', undefined, false],
    ['same-site', undefined, true],
    ['cross-site', undefined, true],
    ['SAME-ORIGIN', undefined, true],
    ['', undefined, true],
    ['same-origin', 'https://evil.example', false],
    ['cross-site', `https://${HOST}`, true],
    [undefined, `https://${HOST}`, false],
    [undefined, 'https://CHAT.example:8443', false],
    [undefined, 'https://chat.example', true],
    [undefined, 'https://evil.example:8443', true],
    [undefined, `https://${HOST}.evil.example`, true],
    [undefined, 'null', true],
    [undefined, '', true],
    [undefined, 'file://', true],
    [undefined, undefined, false],
  ]
  for (const [secFetchSite, origin, forged] of table) {
    for (const method of ['POST', 'PUT', 'PATCH', 'DELETE']) {
      const request = { method, secFetchSite, origin, host: HOST }
      assert.equal(isForged(request), forged, JSON.stringify(request))
    }
  }
})

test('reading is never forgery', () => {
  for (const method of ['GET', 'HEAD', 'OPTIONS']) {
    const request = { method, secFetchSite: 'cross-site', origin: 'https://evil', host: HOST }
    assert.equal(isForged(request), false)
  }
})

test('a default port may be written or left out', () => {
  const at = (origin: string, host: string | undefined) =>
    isForged({ method: 'POST', secFetchSite: undefined, origin, host })
  assert.equal(at('https://chat.example', 'chat.example:443'), false)
  assert.equal(at('https://chat.example:443', 'chat.example'), false)
  assert.equal(at('https://[::1]:8443', '[::1]:8443'), false)
  assert.equal(at('http://chat.example', 'chat.example:443'), true)
  assert.equal(at('https://chat.example', undefined), true)
})

test('a sign-out by link is meant only from here, by hand, or from a program', () => {
  assert.equal(isMeant('same-origin', undefined), true)
  assert.equal(isMeant('none', undefined), true)
  assert.equal(isMeant(undefined, undefined), true)
  assert.equal(isMeant('same-site', undefined), false)
  assert.equal(isMeant('cross-site', undefined), false)
  assert.equal(isMeant('same-origin', 'prefetch'), false)
  assert.equal(isMeant('none', 'prefetch;prerender'), false)
})
