import assert from 'node:assert/strict'
import { test } from 'node:test'
import { checkGateValues, countPolicies, GATE_VARIABLES } from './gate-values.ts'
import { parseNginx } from './nginx-parser.ts'
import { formatProblem } from './problem.ts'
import { findDefinitions } from './variable-definitions.ts'

const definitionsIn = (source: string) => findDefinitions(parseNginx(source, 'x.conf'))
const problemsIn = (source: string) => checkGateValues(definitionsIn(source)).map(formatProblem)

const GOOD = `
map "" $gate_limit_chat { default '"chat";q=5;w=60'; }
map "" $gate_limit_streams { default '"streams";q=5;qu="concurrent-requests"'; }
map $request_method $gate_limit_post { default ""; POST "$gate_limit_chat, $gate_limit_streams"; }
set $gate_limit ""; set $gate_limit $gate_limit_chat; set $gate_limit $gate_limit_post;
set $gate_limit '"a";q=1;w=60,"b";q=2000;w=86400';
set $gate_subject user; set $gate_subject "user, ip"; set $gate_subject token;
set $gate_role ""; set $gate_role admin;
set $gate_redis_loss local; set $gate_redis_loss closed;
js_var $gate_session_idle 7d; js_var $gate_deadline 500ms; js_var $gate_server_timing off;
js_var $gate_cookie __Host-sid;
js_var $gate_session_secret "${'s'.repeat(32)},${'t'.repeat(32)}";
js_var $gate_worker_secret ${'w'.repeat(32)};
js_var $gate_bridge_socket /run/bridge.sock;
js_set $gate_record gate.logRecord;
js_var $gate_user "";
`

test('values that the gate can read are in order', () => {
  assert.deepEqual(problemsIn(GOOD), [])
  assert.equal(countPolicies(definitionsIn(GOOD)), 4)
})

for (const [name, ...texts] of [
  ['gate_limit', '"chat"', 'chat;q=5;w=60', '"chat";q=0;w=60', '"a";q=1;w=1,"a";q=2;w=2'],
  ['gate_subject', '', 'users', 'user,', 'user ip'],
  ['gate_redis_loss', '', 'open'],
  ['gate_role', 'amdin', 'user', 'Admin'],
  ['gate_session_idle', '', '7', '7 days', '0s'],
  ['gate_session_absolute', 'never'],
  ['gate_session_cache', '2'],
  ['gate_session_stale', '-1s'],
  ['gate_deadline', '1.5s'],
  ['gate_server_timing', '', 'yes'],
  ['gate_cookie', '', 'sid'],
  ['gate_bridge_socket', '', 'bridge.sock'],
] as const) {
  test(`a wrong $${name} is told with its place`, () => {
    for (const text of texts) {
      const [problem = '', ...more] = problemsIn(`\nset $${name} '${text}';`)
      assert.ok(problem.startsWith(`x.conf:2: $${name} `), `${text}: ${problem}`)
      assert.deepEqual(more, [])
    }
  })
}

test('secrets that are too short are told, and never shown', () => {
  for (const name of ['gate_session_secret', 'gate_token_secret', 'gate_worker_secret']) {
    for (const text of ['', 'too-short']) {
      const [problem = ''] = problemsIn(`js_var $${name} "${text}";`)
      assert.match(problem, /at least 32 characters/)
      assert.doesNotMatch(problem, /too-short/)
    }
  }
})

test('every variable in the table is judged', () => {
  const judged = Object.keys(GATE_VARIABLES).map((name) => problemsIn(`set $${name} '!';`).length)
  assert.ok(
    judged.every((count) => count === 1),
    String(judged),
  )
})

test('a policy is followed to where it is written', () => {
  assert.deepEqual(
    problemsIn(`map "" $gate_limit_chat {
  default '"chat";q=5 w=60';
}
map $request_method $gate_limit_post {
  default "";
  POST $gate_limit_chat;
}
set $gate_limit $gate_limit_post;
set $gate_limit $gate_limit_chat;`).map((problem) => problem.split(': ', 2).join(': ')),
    ['x.conf:2: $gate_limit does not parse', 'x.conf:2: $gate_limit does not parse'],
  )
})

test('a policy with a wrong number in it is told where it is put together', () => {
  const source = `map "" $gate_n {
  default many;
}
set $gate_limit '"streams";q=$gate_n;qu="concurrent-requests"';`
  const [problem = ''] = problemsIn(source)
  assert.match(problem, /^x\.conf:4: \$gate_limit does not parse: .*q=many/)
})

test('of several policies in one text the wrong one is told', () => {
  const [problem, ...more] = problemsIn(`set $gate_a '"a";q=1;w=1';
set $gate_b '"b";q=1';
set $gate_limit "$gate_a, $gate_b";`)
  assert.match(problem ?? '', /^x\.conf:2: .*w must be/)
  assert.deepEqual(more, [])
})

test('a value that a client could choose is told', () => {
  assert.deepEqual(problemsIn(`set $gate_limit '"chat";q=$arg_q;w=60';`), [
    'x.conf:1: $gate_limit depends on $arg_q, which nobody knows before a request comes',
  ])
})
