import assert from 'node:assert/strict'
import { test } from 'node:test'
import { addComplaints } from './nginx-complaints.ts'
import { parseNginx } from './nginx-parser.ts'
import { formatProblem, type Problem } from './problem.ts'

const DIRECTIVES = parseNginx(`a $foo;\n\nb "x\${foo}y" $bar;\n`, 'x.conf')

const added = (complaint: Problem, told: readonly Problem[] = []) =>
  addComplaints([complaint], told, DIRECTIVES).map(formatProblem)

test('an unknown variable is told wherever it is read', () => {
  const complaint = { file: 'nginx/nginx.conf', message: 'unknown "foo" variable' }
  assert.deepEqual(added(complaint), [
    'x.conf:1: there is no variable $foo',
    'x.conf:3: there is no variable $foo',
  ])
  const told = { file: 'x.conf', line: 1, message: 'there is no variable $foo; did you mean $bar?' }
  assert.deepEqual(added(complaint, [told]), [])
})

test('an unknown variable that is read nowhere is told without a place', () => {
  const complaint = { file: 'nginx/nginx.conf', message: 'unknown "other" variable' }
  assert.deepEqual(added(complaint), ['nginx/nginx.conf: unknown "other" variable'])
})

test('what our own checks say of the same line is not said again', () => {
  const complaint = { file: 'x.conf', line: 3, message: 'invalid value "zzz"' }
  assert.deepEqual(added(complaint, [{ file: 'x.conf', line: 3, message: 'no value' }]), [])
  assert.equal(added(complaint, [{ file: 'x.conf', line: 2, message: 'no value' }]).length, 1)
})

test('a certificate that our own check told is not told again', () => {
  const complaint = { file: 'nginx/nginx.conf', message: 'cannot load certificate "/a/b.crt": no' }
  const told = { file: 'x.conf', line: 1, message: '/a/b.crt cannot be read (ENOENT)' }
  assert.deepEqual(added(complaint, [told]), [])
  assert.equal(added(complaint, [{ ...told, message: '/a/c.crt cannot be read' }]).length, 1)
})

test('a bundle that our own check told is not told again', () => {
  const complaint = {
    file: 'nginx/nginx.conf',
    message: 'js compile: ReferenceError: Cannot load module "gate.js"',
  }
  const told = { file: 'x.conf', line: 1, message: 'there is no gate.js in js_path /x' }
  assert.deepEqual(added(complaint, [told]), [])
  assert.equal(added(complaint).length, 1)
})
