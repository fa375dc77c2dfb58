/** What every error of Chatgate has to look like. */

import assert from 'node:assert/strict'
import type { Problem } from '#contract/problem.ts'
import type { ProblemCode } from '#contract/problem-codes.ts'
import type { Answer } from './client.ts'

/** Asserts that the answer is this problem, well formed and with its request id; returns its body. */
export function assertProblem(answer: Answer, status: number, code: ProblemCode): Problem {
  assert.equal(answer.status, status, answer.text)
  assert.match(String(answer.headers['content-type']), /^application\/problem\+json\b/)
  assert.equal(answer.headers['cache-control'], 'no-store')
  const problem: Problem = JSON.parse(answer.text)
  assert.equal(problem.code, code)
  assert.equal(problem.status, status)
  assert.equal(problem.request_id, answer.headers['x-request-id'])
  for (const text of [problem.type, problem.title, problem.detail]) assert.match(text, /\S/)
  return problem
}
