import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isDataError, isDuplicate, isUnavailable } from './mysql-errors.ts'

function sqlError(fields: Record<string, unknown>): Error {
  return Object.assign(new Error('from the driver'), fields)
}

test('errors of the connection and of a server that cannot serve say unavailable', () => {
  for (const error of [
    sqlError({ code: 'ECONNREFUSED', errno: -111, fatal: true }),
    sqlError({ code: 'ETIMEDOUT', errno: -110 }),
    sqlError({ code: 'PROTOCOL_CONNECTION_LOST', fatal: true }),
    sqlError({ code: 'ER_SERVER_SHUTDOWN', errno: 1053, sqlState: '08S01' }),
    sqlError({ code: 'ER_LOCK_WAIT_TIMEOUT', errno: 1205, sqlState: 'HY000' }),
  ]) {
    assert.equal(isUnavailable(error), true, JSON.stringify(error))
    assert.equal(isDataError(error), false, JSON.stringify(error))
  }
})

test('errors of a statement do not', () => {
  for (const error of [
    sqlError({ code: 'ER_DUP_ENTRY', errno: 1062, sqlState: '23000' }),
    sqlError({ code: 'ER_NO_SUCH_TABLE', errno: 1146, sqlState: '42S02' }),
    new TypeError('a bug'),
    'not even an error',
  ]) {
    assert.equal(isUnavailable(error), false)
  }
})

test('a refused value is told from a refused statement', () => {
  assert.equal(isDuplicate(sqlError({ errno: 1062, sqlState: '23000' })), true)
  assert.equal(isDataError(sqlError({ errno: 1406, sqlState: '22001' })), true)
  assert.equal(isDataError(sqlError({ errno: 1366, sqlState: 'HY000' })), true)
  assert.equal(isDataError(sqlError({ errno: 1146, sqlState: '42S02' })), false)
})
