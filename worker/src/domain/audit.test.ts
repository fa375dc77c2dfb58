import assert from 'node:assert/strict'
import { test } from 'node:test'
import { AUDIT_RULES, auditedFields } from './audit.ts'

test('a record holds the listed fields of what it is given, and nothing else', () => {
  const row = {
    ...{ username: 'anna', role: 'user', limits: { chat: 5 } },
    ...{ passwordHash: '$argon2id$', password: 'secret', id: '7' },
  }
  assert.deepEqual(auditedFields('user.change', row), {
    ...{ username: 'anna', role: 'user', limits: { chat: 5 } },
  })
})

test('what was not there and what is gone is null', () => {
  assert.equal(auditedFields('user.create', null), null)
})

test('no field that is listed can be a secret', () => {
  for (const [action, { fields }] of Object.entries(AUDIT_RULES)) {
    for (const field of fields) {
      assert.doesNotMatch(
        field,
        /password|secret|hash|cipher|token$|api_key$/,
        `${action}: ${field}`,
      )
    }
  }
})
