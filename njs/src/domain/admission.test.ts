import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type AdmissionQuestion, admissionArguments, readAdmission, waitMs } from './admission.ts'
import { rateHeaders } from './rate-headers.ts'

const chat = { name: 'chat', quota: 5, windowSeconds: 60 }
const day = { name: 'day', quota: 100, windowSeconds: 86_400 }
const question: AdmissionQuestion = {
  requestId: 'r1',
  session: { uid: '7', hash: 'h' },
  idleSeconds: 10,
  absoluteSeconds: 20,
  policies: [
    { policy: chat, subject: 'u:7' },
    { policy: day, subject: 'ip:192.0.2.1' },
  ],
}

test('keys and arguments stand in the order that admit.lua reads', () => {
  const { keys, args } = admissionArguments(question)
  assert.deepEqual(keys, [
    '{u:7}:sess:h',
    '{u:7}:user',
    '{u:7}:rl:chat:60',
    '{ip:192.0.2.1}:rl:day:86400',
  ])
  assert.deepEqual(args, ['r1', '1', '10', '20', '60', '5', '60', '100', '86400'])
})

test('without a session only the policies have keys', () => {
  const { keys, args } = admissionArguments({ ...question, session: undefined })
  assert.deepEqual(keys, ['{u:7}:rl:chat:60', '{ip:192.0.2.1}:rl:day:86400'])
  assert.equal(args[1], '0')
})

test('an answer is read with the state of each policy', () => {
  const answer = readAdmission(question, ['ok', 'admin', '3', 1, 4, 60_000, 99, 86_400_000])
  assert.ok(answer.kind === 'answered')
  assert.equal(answer.role, 'admin')
  assert.equal(answer.epoch, 3)
  assert.equal(answer.admitted, true)
  assert.deepEqual(rateHeaders(answer.states), {
    policy: '"chat";q=5;w=60, "day";q=100;w=86400',
    state: '"chat";r=4;t=60, "day";r=99;t=86400',
  })
  assert.deepEqual(readAdmission(question, ['none']), { kind: 'no-session' })
})

test('whatever admit.lua would not answer is an error, never an admission', () => {
  const wrong = [
    null,
    'OK',
    1,
    [],
    ['ok'],
    ['ok', 'root', '1', 1, 1, 1, 1, 1],
    ['ok', 'user', '1', 1, 4],
  ]
  for (const reply of wrong) assert.throws(() => readAdmission(question, reply), TypeError)
})

test('the wait is the longest of the exhausted policies', () => {
  const states = [
    { policy: chat, remaining: 0, resetMs: 900 },
    { policy: day, remaining: 0, resetMs: 5000 },
    { policy: chat, remaining: 2, resetMs: 60_000 },
  ]
  assert.equal(waitMs(states), 5000)
  assert.equal(waitMs([]), 1)
})
