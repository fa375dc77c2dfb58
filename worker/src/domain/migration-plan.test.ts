import assert from 'node:assert/strict'
import { test } from 'node:test'
import { MigrationError, planMigrations, splitStatements } from './migration-plan.ts'

const USERS = { name: '001_users.sql', sql: 'CREATE TABLE users (id INT);\n' }
const LOGS = { name: '002_logs.sql', sql: 'CREATE TABLE logs (id INT);\n' }

function applied(...files: { name: string; sql: string }[]): Map<string, string> {
  return new Map(planMigrations(files, new Map()).map(({ name, checksum }) => [name, checksum]))
}

test('files run in the order of their numbers, each once', () => {
  const plan = planMigrations([LOGS, USERS], new Map())
  assert.deepEqual(
    plan.map(({ name }) => name),
    ['001_users.sql', '002_logs.sql'],
  )
  assert.deepEqual(plan[0]?.statements, ['CREATE TABLE users (id INT)'])
  assert.deepEqual(planMigrations([USERS, LOGS], applied(USERS, LOGS)), [])
  assert.equal(planMigrations([USERS, LOGS], applied(LOGS))[0]?.name, '001_users.sql')
})

test('a file that ran and was changed is refused, another kind of line break is no change', () => {
  const changed = { ...USERS, sql: 'CREATE TABLE users (id BIGINT);\n' }
  assert.throws(() => planMigrations([changed], applied(USERS)), MigrationError)
  const windows = { ...USERS, sql: USERS.sql.replaceAll('\n', '\r\n') }
  assert.deepEqual(planMigrations([windows], applied(USERS)), [])
})

test('migrations of a newer version are left alone', () => {
  assert.deepEqual(planMigrations([USERS], applied(USERS, LOGS)), [])
})

test('bad names and double numbers are refused', () => {
  assert.throws(() => planMigrations([{ name: 'users.sql', sql: '' }], new Map()), MigrationError)
  const twin = { name: '001_twin.sql', sql: '' }
  assert.throws(() => planMigrations([USERS, twin], new Map()), /same number/)
})

test('statements end with a semicolon at the end of a line; comment lines are dropped', () => {
  const sql = [
    '-- a comment; with a semicolon;',
    'CREATE TABLE a (',
    '  -- inside;',
    "  note VARCHAR(9) DEFAULT 'x;y' -- kept",
    ');  ',
    '',
    "INSERT INTO a VALUES ('--'), ('b')",
    '',
  ].join('\n')
  assert.deepEqual(splitStatements(sql), [
    "CREATE TABLE a (\n  note VARCHAR(9) DEFAULT 'x;y' -- kept\n)",
    "INSERT INTO a VALUES ('--'), ('b')",
  ])
})
