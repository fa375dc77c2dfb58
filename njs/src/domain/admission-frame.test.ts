import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { parsePolicies } from '../contract/limit-policy.ts'
import { admissionArguments } from './admission.ts'
import { AdmissionFrames } from './admission-frame.ts'
import { assignSubjects, bindPolicies } from './bound-policy.ts'
import { encodeCommand } from './resp-encode.ts'

const SCRIPT = ['EVALSHA', 'a'.repeat(40)]
const digits = (length: number, alphabet: string) =>
  fc.string({ unit: fc.constantFrom(...alphabet), minLength: length, maxLength: length })
const hex = (length: number) => digits(length, '0123456789abcdef')

const policyTexts = fc.constantFrom(
  '',
  '"chat";q=5;w=60',
  '"chat";q=5;w=60, "day";q=100;w=86400',
  '"chat";q=5;w=60, "streams";q=5;qu="concurrent-requests"',
)
const subjects = fc.constantFrom('user', 'ip', 'token')
const credentials = fc.option(
  fc.record({
    kind: fc.constantFrom('session' as const, 'token' as const),
    uid: fc.integer({ min: 1 }).map(String),
    hash: hex(64),
  }),
  { nil: undefined },
)
const addresses = fc.oneof(
  fc.ipV4().map((address) => `ip:${address}`),
  fc.constant('ip:2001:db8:1:2::/64'),
)

test('a question put into a frame is the command with all its words', () => {
  fc.assert(
    fc.property(
      policyTexts,
      subjects,
      fc.array(fc.tuple(hex(32), credentials, addresses), { minLength: 1, maxLength: 6 }),
      (text, subject, requests) => {
        const policies = text === '' ? [] : assignSubjects(parsePolicies(text), subject)
        const terms = { idleSeconds: 60, absoluteSeconds: 600, policies }
        const frames = new AdmissionFrames(SCRIPT, terms)
        for (const [requestId, credential, address] of requests) {
          const words = admissionArguments({
            ...terms,
            requestId,
            credential,
            policies: bindPolicies(policies, credential, address),
          })
          assert.equal(
            frames.question(requestId, credential, address),
            Buffer.from(encodeCommand([...SCRIPT, ...words])).toString(),
          )
        }
      },
    ),
  )
})
