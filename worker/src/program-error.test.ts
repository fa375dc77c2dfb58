import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Failure } from './failure.ts'
import { asProgramSees, isWorthRetrying, programError } from './program-error.ts'
import { failureOfAnswer, UpstreamReport } from './upstream/upstream-error.ts'

function answered(status: number, message: string, retryAfter?: string): Failure {
  const body = JSON.stringify({ error: { message, type: 'unknown_error', param: null, code: 'x' } })
  return failureOfAnswer(status, body, retryAfter)
}

test('a program can tell too many calls from an overload', () => {
  const codeOf = (failure: Failure) => asProgramSees(failure).code
  assert.equal(codeOf(answered(429, 'Rate limit reached')), 'upstream_rate_limited')
  assert.equal(codeOf(answered(503, 'Server Overloaded')), 'upstream_busy')
  // All keys cool down.
  assert.equal(codeOf(new Failure('upstream_busy', { retryAfter: 7 })), 'upstream_rate_limited')
  assert.equal(asProgramSees(answered(429, 'x', '7')).details.retryAfter, 7)
})

test("the provider's words are told about the request, never about us", () => {
  const messageOf = (failure: Failure) => programError(failure, 'id', 'en').error.message
  assert.equal(messageOf(answered(400, 'Invalid temperature value')), 'Invalid temperature value')
  assert.equal(messageOf(answered(422, 'Invalid Parameters')), 'Invalid Parameters')
  for (const status of [401, 402, 429, 500, 503]) {
    assert.doesNotMatch(messageOf(answered(status, 'told')), /told/)
  }
  const failure = answered(400, 'bad key sk-test-1234567890 or ****7890')
  const { cause } = failure
  assert.ok(cause instanceof UpstreamReport)
  cause.hide('sk-test-1234567890')
  assert.doesNotMatch(messageOf(failure), /7890|sk-/)
})

test('it is not told to wait for hours, or for an administrator', () => {
  assert.equal(isWorthRetrying('rate_limited', { retryAfter: 60 }), true)
  assert.equal(isWorthRetrying('rate_limited', { retryAfter: 3600 }), false)
  assert.equal(isWorthRetrying('upstream_balance', {}), false)
  assert.equal(isWorthRetrying('upstream_busy', {}), true)
})
