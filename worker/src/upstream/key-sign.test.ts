import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Failure } from '../failure.ts'
import { NotSent } from './http-client.ts'
import { retryOf, signOf } from './key-sign.ts'
import { failureOfAnswer } from './upstream-error.ts'

function error(message: string): string {
  return JSON.stringify({ error: { message, type: 'x', param: null, code: 'y' } })
}

const CAUSE = { cause: new Error('socket hang up') }

const TABLE: readonly (readonly [string, Failure, string, ReturnType<typeof retryOf>])[] = [
  ['400', failureOfAnswer(400, error('Invalid max_tokens')), 'nothing', 'never'],
  ['moderation', failureOfAnswer(400, error('Content Exists Risk')), 'nothing', 'never'],
  ['too long', failureOfAnswer(400, error('maximum context length is 9')), 'nothing', 'never'],
  ['unknown model', failureOfAnswer(404, error('no such model')), 'nothing', 'never'],
  ['no API there', failureOfAnswer(404, '<html>'), 'failing', 'other key'],
  ['401', failureOfAnswer(401, error('Authentication Fails')), 'fault', 'other key'],
  ['403', failureOfAnswer(403, error('Forbidden')), 'nothing', 'never'],
  ['a firewall', failureOfAnswer(403, '<html>blocked'), 'failing', 'other key'],
  ['402', failureOfAnswer(402, error('Insufficient Balance')), 'fault', 'never'],
  ['422', failureOfAnswer(422, error('Invalid Parameters')), 'nothing', 'never'],
  ['429', failureOfAnswer(429, error('Rate limit reached for TPM')), 'busy', 'other key'],
  ['500', failureOfAnswer(500, error('Server Error')), 'failing', 'any key'],
  ['502', failureOfAnswer(502, '<html>502 Bad Gateway'), 'failing', 'any key'],
  ['503', failureOfAnswer(503, error('Server Overloaded')), 'failing', 'any key'],
  ['503, wait', failureOfAnswer(503, error('Overloaded'), '7'), 'failing', 'other key'],
  ['blank 200', failureOfAnswer(200, '\n\n'), 'failing', 'never'],
  ['refused', new NotSent('upstream_unavailable', {}, CAUSE), 'failing', 'any key'],
  ['cut after it was sent', new Failure('upstream_unavailable', {}, CAUSE), 'failing', 'never'],
  ['no headers', new Failure('upstream_timeout', {}, CAUSE), 'failing', 'never'],
  ['cut', new Failure('upstream_interrupted', {}, CAUSE), 'failing', 'never'],
  ['our own', new Failure('storage_unavailable'), 'nothing', 'never'],
]

for (const [name, failure, kind, retry] of TABLE) {
  test(`${name}: ${kind}, ${retry}`, () => {
    assert.equal(signOf(failure, false).kind, kind)
    assert.equal(retryOf(failure), retry)
  })
}

test('a Retry-After is honoured up to five minutes, without one it is half a minute', () => {
  const wait = (retryAfter?: string) => signOf(failureOfAnswer(429, '', retryAfter), false)
  assert.deepEqual(wait('7'), { kind: 'busy', waitMs: 7000 })
  assert.deepEqual(wait('3600'), { kind: 'busy', waitMs: 300_000 })
  for (const text of [undefined, '0', 'soon']) {
    assert.deepEqual(wait(text), { kind: 'busy', waitMs: 30_000 }, text)
  }
})

test('once a part of the answer has come, only silence counts against the server', () => {
  assert.equal(signOf(new Failure('upstream_interrupted'), true).kind, 'nothing')
  assert.equal(signOf(new Failure('upstream_busy'), true).kind, 'nothing')
  assert.equal(signOf(new Failure('upstream_timeout'), true).kind, 'failing')
})

test('an error of our own says nothing', () => {
  assert.equal(signOf(new TypeError('x'), false).kind, 'nothing')
  assert.equal(retryOf(new TypeError('x')), 'never')
})
