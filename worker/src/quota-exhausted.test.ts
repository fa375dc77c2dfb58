import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openAiError } from '#contract/openai-error.ts'
import { makeProblem } from '#contract/problem.ts'
import { quotaExhausted } from './quota-exhausted.ts'
import type { QuotaAccount } from './stores/quota-state.ts'

const DAY: QuotaAccount = {
  ...{ owner: 'u', tag: '1', period: 'day' },
  start: Date.parse('2026-11-30T16:00:00Z'),
  end: Date.parse('2026-12-01T16:00:00Z'),
}
const MONTH: QuotaAccount = { ...DAY, period: 'month', end: Date.parse('2026-12-31T16:00:00Z') }
const NOW = DAY.end - 90_500

test('it says in both languages when the quota begins anew', () => {
  const { code, details } = quotaExhausted([DAY], 'Asia/Shanghai', NOW)
  const english = makeProblem(code, 'r', 'en', details)
  assert.match(english.detail, /It begins anew at 2026-12-02 00:00 \(Asia\/Shanghai\), in 91 s\.$/)
  assert.deepEqual(
    [english.status, english.retryAfter, english.resets_at],
    [429, 91, '2026-12-01T16:00:00.000Z'],
  )
  const chinese = makeProblem(code, 'r', 'zh-CN', details)
  assert.match(chinese.detail, /额度将于 2026-12-02 00:00 \(Asia\/Shanghai\) 恢复，还需 91 秒。$/)
})

test('of several quotas the last to begin anew counts', () => {
  const { details } = quotaExhausted([DAY, MONTH], 'Asia/Kathmandu', NOW)
  assert.equal(details.reset?.at, '2026-12-31T16:00:00.000Z')
  assert.equal(details.reset?.text, '2026-12-31 21:45 (Asia/Kathmandu)')
})

test('programs are told as OpenAI tells it', () => {
  const { code, details } = quotaExhausted([DAY], 'Asia/Shanghai', NOW)
  const { error } = openAiError(makeProblem(code, 'r', 'en', details))
  assert.deepEqual([error.type, error.code], ['insufficient_quota', 'insufficient_quota'])
})
