import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { test } from 'node:test'
import type { KeyRing } from '../env-values.ts'
import { decryptKey, encryptKey, KeyCipherError } from './key-cipher.ts'

const OLD = randomBytes(32)
const NEW = randomBytes(32)
const RING: KeyRing = {
  currentId: 'k2',
  keys: new Map([
    ['k2', NEW],
    ['k1', OLD],
  ]),
}

function fault(kind: string) {
  return (error: unknown) => error instanceof KeyCipherError && error.fault === kind
}

test('a key comes back, and its stored form neither holds it nor repeats', () => {
  const stored = encryptKey(RING, '7', 'sk-geheim')
  assert.equal(decryptKey(RING, '7', stored), 'sk-geheim')
  assert.match(stored, /^v1\.k2\.[\w-]{16}\.[\w-]{12}\.[\w-]{22}$/)
  assert.notEqual(encryptKey(RING, '7', 'sk-geheim'), stored)
})

test('any key of the ring opens, only the first encrypts', () => {
  const before = { currentId: 'k1', keys: new Map([['k1', OLD]]) }
  assert.equal(decryptKey(RING, '7', encryptKey(before, '7', 'sk-old')), 'sk-old')
  assert.throws(() => decryptKey(before, '7', encryptKey(RING, '7', 'x')), fault('unknown_key'))
})

test('a value copied to another row does not open', () => {
  const stored = encryptKey(RING, '7', 'sk-geheim')
  assert.throws(() => decryptKey(RING, '8', stored), fault('tampered'))
})

test('the key id is authenticated too', () => {
  const twins = {
    currentId: 'a',
    keys: new Map([
      ['a', NEW],
      ['b', NEW],
    ]),
  }
  const stored = encryptKey(twins, '7', 'sk-geheim').replace('v1.a.', 'v1.b.')
  assert.throws(() => decryptKey(twins, '7', stored), fault('tampered'))
})

test('every changed byte of iv, text and tag is noticed', () => {
  const [version, kid, ...parts] = encryptKey(RING, '7', 'sk-geheim').split('.')
  parts.forEach((part, index) => {
    const bytes = Buffer.from(part, 'base64url')
    for (let at = 0; at < bytes.length; at += 1) {
      const changed = Buffer.from(bytes)
      changed.writeUInt8((changed.readUInt8(at) + 1) % 256, at)
      const stored = [version, kid, ...parts.with(index, changed.toString('base64url'))].join('.')
      assert.throws(() => decryptKey(RING, '7', stored), fault('tampered'))
    }
  })
})

test('what is not of the stored form is malformed', () => {
  const whole = encryptKey(RING, '7', 'sk-geheim')
  const [, , iv = '', text = '', tag = ''] = whole.split('.')
  const shortTag = Buffer.from(tag, 'base64url').subarray(0, 4).toString('base64url')
  for (const stored of [
    '',
    'sk-plain',
    whole.replace('v1', 'v2'),
    `${whole}.`,
    `v1.k2.${iv}.${text}`,
    `v1.k2.AAAA.${text}.${tag}`,
    `v1.k2.${iv}.${text}.${shortTag}`,
  ]) {
    assert.throws(() => decryptKey(RING, '7', stored), fault('malformed'), stored)
  }
})
