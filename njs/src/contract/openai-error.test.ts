import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openAiError } from './openai-error.ts'
import { makeProblem } from './problem.ts'

test("a problem becomes an error in OpenAI's shape", () => {
  const problem = makeProblem('invalid_token', 'r1', 'en')
  assert.deepEqual(openAiError(problem), {
    error: {
      message: problem.detail,
      type: 'authentication_error',
      param: null,
      code: 'invalid_api_key',
    },
  })
})

test('the wrong field, limits and our own faults are told as clients know them', () => {
  const errors = [{ field: 'model', message: 'unknown' }]
  const wrong = openAiError(makeProblem('invalid_request', 'r1', 'en', { errors })).error
  assert.deepEqual([wrong.param, wrong.type], ['model', 'invalid_request_error'])
  const limited = openAiError(makeProblem('rate_limited', 'r1', 'en')).error
  assert.deepEqual([limited.type, limited.code], ['rate_limit_error', 'rate_limit_exceeded'])
  assert.equal(openAiError(makeProblem('internal', 'r1', 'en')).error.type, 'server_error')
})
