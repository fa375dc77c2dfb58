import assert from 'node:assert/strict'
import { test } from 'node:test'
import { checkLimitSubjects } from './limit-subjects.ts'
import { parseNginx } from './nginx-parser.ts'
import { formatProblem } from './problem.ts'
import { findDefinitions } from './variable-definitions.ts'

function problemsIn(server: string): readonly string[] {
  const directives = parseNginx(`http { server {\n${server}\n} }`, 'x.conf')
  return checkLimitSubjects(directives, findDefinitions(directives)).map(formatProblem)
}

const TWO = `set $gate_limit '"a";q=1;w=1, "b";q=2;w=2';`

test('one subject for all, or one for each', () => {
  for (const subject of ['user', '"user, ip"', '"token,token"']) {
    assert.deepEqual(problemsIn(`location /x { ${TWO} set $gate_subject ${subject}; }`), [])
  }
  assert.deepEqual(problemsIn(`location /x { ${TWO}\nset $gate_subject "user,ip,token"; }`), [
    'x.conf:3: location /x: 3 subjects for 2 policies; give one for all, or one for each',
  ])
})

test('what a location inherits from its server counts', () => {
  const server = `set $gate_limit "";\nset $gate_subject "user,ip";\n`
  assert.deepEqual(problemsIn(`${server}location /x { ${TWO} }\nlocation /y { root /srv; }`), [])
  assert.deepEqual(problemsIn(`${server}location /x { set $gate_limit '"a";q=1;w=1'; }`), [
    'x.conf:3: location /x: 2 subjects for 1 policies; give one for all, or one for each',
  ])
})

test('each text that a map may give has to fit; no limit fits everything', () => {
  const map = `map $request_method $gate_l { default ""; POST '"a";q=1;w=1'; PUT '"a";q=1;w=1,"b";q=1;w=1'; }`
  const location = 'location /x { set $gate_limit $gate_l; set $gate_subject "user,ip"; }'
  const directives = parseNginx(`http { ${map} server { ${location} } }`, 'x.conf')
  assert.equal(checkLimitSubjects(directives, findDefinitions(directives)).length, 1)
})
