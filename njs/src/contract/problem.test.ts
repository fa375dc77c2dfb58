import assert from 'node:assert/strict'
import { test } from 'node:test'
import { makeProblem } from './problem.ts'
import { PROBLEMS, type ProblemCode } from './problem-codes.ts'

const ID = '0123456789abcdef0123456789abcdef'

test('a limit problem names quota, window and waiting time in both languages', () => {
  const details = {
    retryAfter: 37,
    violatedPolicies: ['chat'],
    limit: { quota: 5, windowSeconds: 60 },
  }
  const en = makeProblem('rate_limited', ID, 'en', details)
  assert.equal(en.status, 429)
  assert.equal(en.detail, 'At most 5 per minute. Please try again in 37 s.')
  assert.equal(en.retryAfter, 37)
  assert.deepEqual(en['violated-policies'], ['chat'])
  assert.equal(en.type, 'https://iana.org/assignments/http-problem-types#quota-exceeded')
  const zh = makeProblem('rate_limited', ID, 'zh-CN', details)
  assert.equal(zh.detail, '每分钟最多 5 次，请在 37 秒后重试。')
})

test('windows and waits are told in the unit that is easily read', () => {
  const detail = (windowSeconds: number, retryAfter: number, lang: 'en' | 'zh-CN') =>
    makeProblem('rate_limited', ID, lang, { retryAfter, limit: { quota: 9, windowSeconds } }).detail
  assert.equal(detail(900, 121, 'en'), 'At most 9 per 15 min. Please try again in 3 min.')
  assert.equal(detail(900, 120, 'zh-CN'), '每 15 分钟最多 9 次，请在 120 秒后重试。')
  assert.equal(detail(90, 7201, 'en'), 'At most 9 per 90 s. Please try again in 3 h.')
  assert.equal(detail(86_400, 172_801, 'en'), 'At most 9 per day. Please try again in 3 d.')
  assert.equal(detail(31 * 86_400, 9, 'zh-CN'), '每 31 天最多 9 次，请在 9 秒后重试。')
})

test('every code has a status and words in both languages, and none is left unfilled', () => {
  for (const code of Object.keys(PROBLEMS) as ProblemCode[]) {
    for (const lang of ['en', 'zh-CN'] as const) {
      const limit = { quota: 1, windowSeconds: 7 }
      const problem = makeProblem(code, ID, lang, { retryAfter: 1, limit })
      assert.ok(problem.status >= 400 && problem.status < 600, code)
      assert.ok(problem.title.length > 0 && problem.detail.length > 0, code)
      assert.doesNotMatch(problem.detail, /[{}]/, code)
      assert.equal(problem.request_id, ID)
    }
  }
})
