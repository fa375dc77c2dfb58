import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parsePolicies } from '../contract/limit-policy.ts'
import { applyOwnLimits, assignSubjects, bindPolicies } from './bound-policy.ts'

const two = parsePolicies('"chat";q=5;w=60, "day";q=100;w=86400')
const session = { kind: 'session', uid: '7', hash: 'h' } as const
const token = { kind: 'token', uid: '7', hash: 'h' } as const

function subjects(text: string, credential: typeof session | typeof token | undefined) {
  return bindPolicies(assignSubjects(two, text), credential, 'ip:192.0.2.1').map(
    ({ subject }) => subject,
  )
}

test('one subject serves all policies, or each has its own', () => {
  assert.deepEqual(subjects('user', session), ['u:7', 'u:7'])
  assert.deepEqual(subjects('user, ip', session), ['u:7', 'ip:192.0.2.1'])
  assert.deepEqual(subjects('token,user', token), ['t:h', 'u:7'])
})

test('who has no token counts as a user, who is nobody as an address', () => {
  assert.deepEqual(subjects('token', session), ['u:7', 'u:7'])
  assert.deepEqual(subjects('token,user', undefined), ['ip:192.0.2.1', 'ip:192.0.2.1'])
})

test('subjects that cannot be meant are an error', () => {
  for (const text of ['', 'users', 'user,ip,user', 'user,,ip']) {
    assert.throws(() => assignSubjects(two, text), RangeError, text)
  }
})

test('running answers count for the user, whatever the location says', () => {
  const streams = parsePolicies('"streams";q=5;qu="concurrent-requests"')
  const [bound] = bindPolicies(assignSubjects(streams, 'token'), token, 'ip:192.0.2.1')
  assert.equal(bound?.subject, 'u:7')
})

test("a user's own limits replace the quota of what counts for the user", () => {
  const bound = bindPolicies(assignSubjects(two, 'user,ip'), session, 'ip:192.0.2.1')
  const quotas = applyOwnLimits(bound, 'chat=20,day=1').map(({ policy }) => policy.quota)
  assert.deepEqual(quotas, [20, 100])
  assert.equal(applyOwnLimits(bound, ''), bound)
})

test("a token's own limits replace the quota of what counts for the token, its user's do not", () => {
  const bound = bindPolicies(assignSubjects(two, 'token,user'), token, 'ip:192.0.2.1')
  const quotasWith = (limits: string) =>
    applyOwnLimits(bound, limits).map(({ policy }) => policy.quota)
  assert.deepEqual(quotasWith('token.chat=20,token.day=1'), [20, 100])
  assert.deepEqual(quotasWith('chat=20,day=1'), [5, 1])
})

test("a session is not counted by a token's own limits where tokens are counted", () => {
  const bound = bindPolicies(assignSubjects(two, 'token'), session, 'ip:192.0.2.1')
  const limits = 'chat=20,token.chat=1'
  assert.deepEqual(
    applyOwnLimits(bound, limits).map(({ policy }) => policy.quota),
    [20, 100],
  )
})
