import assert from 'node:assert/strict'
import { test } from 'node:test'
import { describeError } from './log.ts'

test('an error is described by type, message, code, frames and causes', () => {
  const cause = Object.assign(new Error('connect refused'), { code: 'ECONNREFUSED' })
  const described = describeError(new TypeError('no luck', { cause }))
  assert.equal(described.type, 'TypeError')
  assert.equal(described.message, 'no luck')
  assert.match(described.frames[0] ?? '', /^at .*log\.test/)
  assert.equal(described.cause?.code, 'ECONNREFUSED')
  assert.equal(described.cause?.message, 'connect refused')
})

test('statements, arguments and quoted values of database errors are left out', () => {
  const error = Object.assign(new Error("Duplicate entry 'secret' for key 'users.username'"), {
    code: 'ER_DUP_ENTRY',
    errno: 1062,
    sqlState: '23000',
    sql: "INSERT INTO users VALUES ('secret')",
    command: { name: 'set', args: ['secret'] },
  })
  const text = JSON.stringify(describeError(error))
  assert.doesNotMatch(text, /secret/)
  assert.match(text, /ER_DUP_ENTRY/)
})

test('a missing column is named, a syntax error is not quoted', () => {
  const sql = (errno: number, message: string) =>
    describeError(Object.assign(new Error(message), { errno, sqlState: '42000' })).message
  assert.equal(sql(1054, "Unknown column 'x'"), "Unknown column 'x'")
  assert.equal(sql(1064, "near 'secret'"), undefined)
})

test('a circle of causes ends', () => {
  const error = new Error('round')
  error.cause = error
  assert.ok(JSON.stringify(describeError(error)).length > 0)
})
