import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openAiError } from '../contract/openai-error.ts'
import { makeProblem, type ProblemDetails } from '../contract/problem.ts'
import { problemText } from './problem-text.ts'

const limited = { shape: 'problem', code: 'rate_limited', status: 429, lang: 'en' } as const
const details: ProblemDetails = {
  retryAfter: 7,
  limit: { quota: 5, windowSeconds: 60 },
  violatedPolicies: ['chat'],
}

test('a text is the problem as JSON, each with its own id', () => {
  for (const id of ['a1', 'b2', 'c3']) {
    const text = problemText(limited, details, id)
    assert.deepEqual(JSON.parse(text), makeProblem('rate_limited', id, 'en', details))
  }
})

test('the same details in another language, status, code or shape make another text', () => {
  const read = (kind: Parameters<typeof problemText>[0]) =>
    JSON.parse(problemText(kind, details, 'x'))
  const problem = (lang: 'en' | 'zh-CN') => makeProblem('rate_limited', 'x', lang, details)
  assert.deepEqual(read(limited), problem('en'))
  assert.deepEqual(read({ ...limited, lang: 'zh-CN' }), problem('zh-CN'))
  assert.deepEqual(read({ ...limited, status: 503 }), { ...problem('en'), status: 503 })
  assert.deepEqual(read({ ...limited, shape: 'openai' }), openAiError(problem('en')))
  assert.equal(read({ ...limited, code: 'flood' }).code, 'flood')
  assert.deepEqual(read(limited), problem('en'))
})

test('other details make another text', () => {
  const other = { ...details, retryAfter: 8 }
  const one = problemText(limited, details, 'x')
  assert.notEqual(problemText(limited, other, 'x'), one)
  assert.equal(problemText(limited, details, 'x'), one)
})
