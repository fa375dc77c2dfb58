import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { LimitPolicy } from '../contract/limit-policy.ts'
import {
  type AdmissionQuestion,
  admissionArguments,
  admittedHeaders,
  isPlain,
  readAdmission,
  readHolder,
  readStates,
} from './admission.ts'
import { assignSubjects } from './bound-policy.ts'
import { rateHeaders } from './rate-headers.ts'

const chat: LimitPolicy = { kind: 'window', name: 'chat', quota: 5, windowSeconds: 60 }
const day: LimitPolicy = { kind: 'window', name: 'day', quota: 100, windowSeconds: 86_400 }
const streams: LimitPolicy = { kind: 'concurrent', name: 'streams', quota: 2, windowSeconds: 10 }
const question: AdmissionQuestion = {
  requestId: 'r1',
  credential: { kind: 'session', uid: '7', hash: 'h' },
  idleSeconds: 10,
  absoluteSeconds: 20,
  policies: [
    { policy: chat, subject: 'u:7', ownName: 'chat' },
    { policy: day, subject: 'ip:192.0.2.1', ownName: '' },
    { policy: streams, subject: 'u:7', ownName: 'streams' },
  ],
}

const LIMIT_KEYS = ['{u:7}:rl:chat:60', '{ip:192.0.2.1}:rl:day:86400', '{u:7}:slots:streams']
const LIMIT_ARGS = ['w', '5', '60', 'chat', 'w', '100', '86400', '', 'c', '2', '10', 'streams']

test('keys and arguments stand in the order that admit.lua reads', () => {
  assert.deepEqual(admissionArguments(question), [
    ...['5', '{u:7}:sess:h', '{u:7}:user', ...LIMIT_KEYS],
    ...['r1', 's', '10', '20', '5', ...LIMIT_ARGS],
  ])
})

test('a token has a key of its own', () => {
  const credential = { kind: 'token', uid: '7', hash: 'h' } as const
  const args = admissionArguments({ ...question, credential, policies: [] })
  assert.deepEqual(args, ['2', '{u:7}:tok:h', '{u:7}:user', 'r1', 't', '10', '20', '5'])
})

test('the use of a session is written once a minute, or twice within a short idle time', () => {
  const touch = (idleSeconds: number) => {
    return admissionArguments({ ...question, idleSeconds, policies: [] }).at(-1)
  }
  assert.deepEqual([604_800, 120, 30, 1].map(touch), ['60', '60', '15', '0'])
})

test('without a credential only the policies have keys', () => {
  assert.deepEqual(admissionArguments({ ...question, credential: undefined }), [
    ...['3', ...LIMIT_KEYS],
    ...['r1', '-', '10', '20', '5', ...LIMIT_ARGS],
  ])
})

const STANDING = '9 8 60000 100 99 86400000 2 1 10000'
const HOLDER = 'ok admin 3 chat=9 - '

test('an answer is read with the state of each policy', () => {
  const answer = readAdmission(`${HOLDER}1 ${STANDING}`)
  assert.ok(answer.kind === 'answered')
  assert.deepEqual(readHolder(answer.holder), {
    role: 'admin',
    epoch: 3,
    limits: 'chat=9',
    tokenId: '',
  })
  assert.equal(answer.admitted, true)
  assert.deepEqual(rateHeaders(readStates(question.policies, answer.standing)), {
    policy: '"chat";q=9;w=60, "day";q=100;w=86400',
    state: '"chat";r=8;t=60, "day";r=99;t=86400',
  })
  assert.deepEqual(readAdmission('none'), { kind: 'none' })
  assert.deepEqual(readAdmission('miss'), { kind: 'miss' })
})

test('who is expected is read the same, who is not is noticed', () => {
  for (const reply of [
    `${HOLDER}1 ${STANDING}`,
    `${HOLDER}0 ${STANDING}`,
    `ok user 3 chat=9 - 1 ${STANDING}`,
    `ok admin 30 chat=9 - 1 ${STANDING}`,
    `ok admin 3 chat=9 9 1 ${STANDING}`,
    `${HOLDER}1`,
    'none',
  ]) {
    assert.deepEqual(readAdmission(reply, HOLDER), readAdmission(reply), reply)
  }
})

test('a holder without limits of his own and without a token is plain', () => {
  assert.equal(isPlain('ok user 3 - - '), true)
  assert.equal(isPlain('ok user 3 - 9 '), false)
  assert.equal(isPlain(HOLDER), false)
})

test('the headers of an admitted request are those of its states', () => {
  const located = assignSubjects([chat, day, streams], 'user')
  for (const standing of [STANDING, '5 0 1 100 99 86399001 2 1 10000']) {
    assert.deepEqual(
      admittedHeaders(located, standing),
      rateHeaders(readStates(question.policies, standing)),
    )
  }
  assert.deepEqual(admittedHeaders([], ''), { policy: '', state: '' })
})

test('whatever admit.lua would not answer is an error, never an admission', () => {
  const wrong = [
    ...[null, 'OK', 1, '', [], ['none'], 'ok', 'ok user 1 - -', 'ok user 1 - - '],
    ...[`OK user 1 - - 1 ${STANDING}`, 'ok user 1 - - yes', `ok  user 1 - - 1 ${STANDING}`],
  ]
  for (const reply of wrong) assert.throws(() => readAdmission(reply), TypeError)
  assert.throws(() => readHolder('ok root 1 - - '), TypeError)
  for (const standing of ['', '5 4', `${STANDING} 1`]) {
    assert.throws(() => readStates(question.policies, standing), TypeError)
    assert.throws(() => admittedHeaders(assignSubjects([chat, day, streams], 'ip'), standing))
  }
})
