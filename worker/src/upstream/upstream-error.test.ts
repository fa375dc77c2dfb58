import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ProblemCode } from '#contract/problem-codes.ts'
import { failureOfAnswer } from './upstream-error.ts'

function body(message: string): string {
  return JSON.stringify({
    error: { message, type: 'invalid_request_error', param: null, code: 'invalid_request_error' },
  })
}

const TABLE: readonly (readonly [number, string, ProblemCode])[] = [
  [400, body('Model Not Exist'), 'upstream_unknown_model'],
  [
    400,
    body('The supported API model names are deepseek-flash, but you passed gpt-4o-mini.'),
    'upstream_unknown_model',
  ],
  [
    400,
    body('Invalid max_tokens value, the valid range is [1, 8192]'),
    'upstream_rejected_request',
  ],
  [
    400,
    body('The `reasoning_content` in the thinking mode must be passed back to the API.'),
    'upstream_rejected_request',
  ],
  [400, body('This response_format type is unavailable now'), 'upstream_rejected_request'],
  [
    400,
    body(
      'Failed to deserialize the JSON body into the target type: messages[1].role: unknown variant',
    ),
    'upstream_rejected_request',
  ],
  [
    422,
    body('Failed to deserialize the JSON body into the target type'),
    'upstream_rejected_request',
  ],
  [
    401,
    body('Authentication Fails (auth header format should be Bearer sk-...)'),
    'upstream_key_rejected',
  ],
  [429, body('Rate limit reached for TPM'), 'upstream_busy'],
  [200, body('Rate limit reached for TPM'), 'upstream_busy'],
  [400, body('Content Exists Risk'), 'upstream_content_risk'],
  [
    400,
    body("This model's maximum context length is 131072 tokens. However, you requested 131134"),
    'upstream_context_length',
  ],
  [401, body('Authentication Fails, Your api key: ****fcc2 is invalid'), 'upstream_key_rejected'],
  [
    401,
    body('Authentication Fails (auth header format should be Bearer sk-...)'),
    'upstream_key_rejected',
  ],
  [402, body('Insufficient Balance'), 'upstream_balance'],
  [404, body('Not Found'), 'upstream_rejected_request'],
  [404, '', 'upstream_unavailable'],
  [403, body('You have no access to this model'), 'upstream_rejected_request'],
  [403, body('Content Exists Risk'), 'upstream_content_risk'],
  [403, '<html>Forbidden</html>', 'upstream_unavailable'],
  [422, body('Invalid Parameters'), 'upstream_rejected_request'],
  [429, body('Your current concurrency is 40'), 'upstream_busy'],
  [429, body('Rate limit reached for TPM'), 'upstream_busy'],
  [429, '', 'upstream_busy'],
  [500, body('Server Error'), 'upstream_unavailable'],
  [500, body('Server Overloaded'), 'upstream_busy'],
  [502, '<html><h1>502 Bad Gateway</h1></html>', 'upstream_unavailable'],
  [503, '<html></html>', 'upstream_busy'],
  [504, '', 'upstream_timeout'],
  [302, '', 'upstream_unavailable'],
  [200, '\n\n\n', 'upstream_interrupted'],
  [200, body('Content Exists Risk'), 'upstream_content_risk'],
  [200, body('Something broke'), 'upstream_interrupted'],
]

for (const [status, text, code] of TABLE) {
  test(`${status} ${text.slice(0, 60)} is ${code}`, () => {
    assert.equal(failureOfAnswer(status, text).code, code)
  })
}

test('a sane Retry-After is passed on', () => {
  const retryAfter = (status: number, value: string) =>
    failureOfAnswer(status, '', value).details.retryAfter
  assert.equal(retryAfter(429, '7'), 7)
  assert.equal(retryAfter(503, '300'), 300)
  for (const value of ['0', '301', '-1', '1.5', 'soon', 'Wed, 21 Oct 2026 07:28:00 GMT']) {
    assert.equal(retryAfter(429, value), undefined, value)
  }
  assert.equal(retryAfter(500, '7'), undefined)
})

test('the log shows what the provider said, without any part of a key', () => {
  const cause = String(failureOfAnswer(401, body('Your api key: ****fcc2 (sk-0123abc)')).cause)
  assert.match(cause, /upstream 401: Your api key: \(key\) \(\(key\)\)/)
  const masked = failureOfAnswer(401, body('Incorrect key: ab12***********wxyz, ab12...wxyz'))
  assert.match(String(masked.cause), /Incorrect key: \(key\), \(key\)$/)
  const long = String(failureOfAnswer(500, 'x'.repeat(10_000)).cause)
  assert.ok(long.length < 400)
})
