import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openAiError } from '../contract/openai-error.ts'
import { makeProblem, type ProblemDetails } from '../contract/problem.ts'
import { problemText } from './problem-text.ts'

const limited = { shape: 'problem', code: 'rate_limited', status: 429, lang: 'en' } as const

type Kind = Readonly<Record<'lang', 'en' | 'zh-CN'>> & {
  readonly shape: 'problem' | 'openai'
  readonly code: 'rate_limited' | 'flood'
  readonly status: number
}

function textOf({ shape, code, status, lang }: Kind, about: ProblemDetails, id: string): string {
  return problemText(shape, code, status, lang, about, id)
}

const details: ProblemDetails = {
  retryAfter: 7,
  limit: { quota: 5, windowSeconds: 60 },
  violatedPolicies: ['chat'],
}

test('a text is the problem as JSON, each with its own id', () => {
  for (const id of ['a1', 'b2', 'c3']) {
    const text = textOf(limited, details, id)
    assert.deepEqual(JSON.parse(text), makeProblem('rate_limited', id, 'en', details))
  }
})

test('the same details in another language, status, code or shape make another text', () => {
  const read = (kind: Kind) => JSON.parse(textOf(kind, details, 'x'))
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
  const one = textOf(limited, details, 'x')
  assert.notEqual(textOf(limited, other, 'x'), one)
  assert.equal(textOf(limited, details, 'x'), one)
})
