import assert from 'node:assert/strict'
import { test } from 'node:test'
import { accountVariables, mysqlFiles } from './mysql-files.ts'

const ACCOUNT = { database: 'nginx_shop', user: 'guopengfei_learning', password: 'pä"\\\';#' }

test('no character of a name or a password can end its literal', () => {
  const statement = accountVariables(ACCOUNT)
  const literals = [...statement.matchAll(/CONVERT\(X'([0-9a-f]*)' USING utf8mb4\)/g)]
  assert.deepEqual(
    literals.map(([, hex = '']) => Buffer.from(hex, 'hex').toString()),
    [ACCOUNT.database, ACCOUNT.user, ACCOUNT.password],
  )
  assert.equal(
    statement
      .replace(/CONVERT\([^)]*\)/g, '?')
      .trim()
      .split('\n').length,
    3,
  )
})

test('option files quote what MySQL would read otherwise', () => {
  const lines = mysqlFiles(ACCOUNT, 'root')['worker.cnf']?.split('\n') ?? []
  assert.ok(lines.includes(String.raw`password="pä\"\\';#"`))
  assert.ok(lines.includes('host="127.0.0.1"'))
})

test("root's password is for the image and for the account script alike", () => {
  const files = mysqlFiles(ACCOUNT, 'root-password')
  assert.equal(files['root_password'], 'root-password')
  assert.match(files['root.cnf'] ?? '', /^user="root"\npassword="root-password"$/m)
  assert.doesNotMatch(files['worker.cnf'] ?? '', /root-password/)
})
