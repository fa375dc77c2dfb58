import assert from 'node:assert/strict'
import { test } from 'node:test'
import { checkGuards } from './guarded-locations.ts'
import { parseNginx } from './nginx-parser.ts'
import { formatProblem } from './problem.ts'
import { findDefinitions } from './variable-definitions.ts'

function report(server: string, http = '') {
  const source = `http { upstream worker { server unix:/run/w.sock; server 10.0.0.1:3000; } ${http}
server { listen 443 ssl;
${server}
} }`
  const directives = parseNginx(source, 'x.conf')
  return checkGuards(directives, findDefinitions(directives))
}

/** Problems by line: the server's content begins on line 3. */
const problemsIn = (server: string, http = '') => report(server, http).problems.map(formatProblem)

const OPEN = (line: number, title: string) =>
  `x.conf:${line}: location ${title} has no js_access of its own: everybody may pass`

test('guarded locations are counted, and what needs no guard is left alone', () => {
  const { problems, guarded } = report(`
location = / { return 302 /chat; }
location = /admin { js_access gate.page; try_files /admin.html =404; }
location /assets/ { try_files $uri =404; }
location /api/ { js_access gate.api; proxy_pass http://worker; }
location /v1/ { js_access gate.token; location /v1/models { proxy_pass http://worker; } }
location = /_redis { internal; proxy_pass http://redis_bridge; }
location = /_token { internal; proxy_pass http://worker/internal/token; }
location @flush { js_periodic gate.flushLog; }
location /admin/old/ { return 410; }
location /admin/secret/ { deny all; }
`)
  assert.deepEqual(problems.map(formatProblem), [])
  assert.equal(guarded, 4)
})

for (const [what, location, title] of [
  ['toward the worker', '/x { proxy_pass http://worker; }', '/x'],
  ['toward the worker with a path', '/x { proxy_pass http://worker/y; }', '/x'],
  ['toward a socket of the worker', '/x { proxy_pass http://unix:/run/w.sock:/y; }', '/x'],
  ['toward an address of the worker', '/x { proxy_pass http://10.0.0.1:3000; }', '/x'],
  ['toward the worker by a variable', '/x { set $to worker; proxy_pass http://$to; }', '/x'],
  ['toward the worker under a condition', '/x { if ($arg_x) { proxy_pass http://worker; } }', '/x'],
  ['below /api/', '/api/x { root /srv; }', '/api/x'],
  ['that covers /api/', '/api { root /srv; }', '/api'],
  ['one address below /admin/', '= /admin/x { root /srv; }', '= /admin/x'],
  ['without a blank', '=/v1/x { root /srv; }', '=/v1/x'],
  ['a first choice below /v1/', '^~ /v1/ { root /srv; }', '^~ /v1/'],
  ['an expression below /api/', '~* ^/api/.*$ { root /srv; }', '~* ^/api/.*$'],
  ['guarded sometimes only', '/api/ { if ($arg_x) { js_access gate.api; } }', '/api/'],
] as const) {
  test(`a location without a guard is told: ${what}`, () => {
    assert.deepEqual(problemsIn(`\nlocation ${location}`), [OPEN(4, title)])
  })
}

test('a nested location without a guard is told', () => {
  assert.deepEqual(problemsIn('location / {\nlocation /api/ { proxy_pass http://worker; }\n}'), [
    OPEN(4, '/api/'),
  ])
})

for (const [what, line] of [
  ['rewrite', 'location /x { rewrite ^ /_in last; }'],
  ['rewrite to what the client wrote', 'location /x { rewrite ^/x(/.*)$ $1 last; }'],
  ['error_page', 'location /x { error_page 404 = /_in; }'],
  [
    'error_page of a guarded location',
    'location /x { js_access gate.page; error_page 403 =200 /_in; }',
  ],
  ['try_files', 'location /x { try_files $uri /_in; }'],
  ['mirror', 'location /x { js_access gate.page; mirror /_in; }'],
] as const) {
  test(`an internal location needs a guard if ${what} leads to it`, () => {
    const inside = 'location = /_in { internal; proxy_pass http://worker; }'
    assert.deepEqual(problemsIn(`${line}\n${inside}`), [OPEN(4, '= /_in')])
    assert.deepEqual(
      problemsIn(`${line}\n${inside.replace('internal;', 'internal; js_access g.x;')}`),
      [],
    )
  })
}

for (const line of [
  'location /x { rewrite ^ /_in break; }',
  'location /x { rewrite ^ /other last; }',
  'location /x { rewrite ^ https://elsewhere/_in; }',
  'location /x { js_access gate.page; try_files $uri /_in; }',
]) {
  test(`this does not lead to an internal location: ${line}`, () => {
    assert.deepEqual(
      problemsIn(`${line}\nlocation = /_in { internal; proxy_pass http://worker; }`),
      [],
    )
  })
}

test('a named location needs a guard if it is led to', () => {
  const named = 'location @w { proxy_pass http://worker; }'
  assert.deepEqual(problemsIn(named), [])
  assert.deepEqual(problemsIn(`error_page 404 = @w;\n${named}`), [OPEN(4, '@w')])
})

test('what only some addresses reach needs no guard', () => {
  const open = 'location /x { proxy_pass http://worker; }'
  assert.deepEqual(problemsIn(`allow 10.0.0.0/8; deny all;\n${open}`), [])
  assert.deepEqual(problemsIn(`deny all;\n${open.replace('{', '{ allow all;')}`), [OPEN(4, '/x')])
  assert.deepEqual(problemsIn(`deny 10.0.0.1;\n${open}`), [OPEN(4, '/x')])
})

test('what only this machine reaches needs no guard', () => {
  const open = 'location / { proxy_pass http://worker; }'
  for (const listen of ['127.0.0.1:9145', 'unix:/run/x.sock', '[::1]:80', 'localhost:80']) {
    assert.deepEqual(problemsIn('', `server { listen ${listen}; ${open} }`), [], listen)
  }
  for (const listen of [
    'listen 80;',
    'listen 10.0.0.1:80;',
    'listen 127.0.0.1:1; listen 80;',
    '',
  ]) {
    assert.equal(problemsIn('', `server { ${listen} ${open} }`).length, 1, listen)
  }
})

for (const [what, block] of [
  ['return', '\nreturn 200 ok;'],
  ['a refusal of everything', '\nreturn 404;'],
  ['return under a condition', 'if ($arg_x) {\nreturn 200 ok; }'],
  ['a redirect under a condition', 'if ($arg_x) {\nreturn https://elsewhere; }'],
] as const) {
  test(`${what} in a guarded location is told`, () => {
    assert.deepEqual(problemsIn(`location /x { js_access gate.api; ${block} }`), [
      'x.conf:4: return answers before js_access of location /x is asked',
    ])
  })
}

test('a refusal under a condition is no way past the guard', () => {
  assert.deepEqual(
    problemsIn('location /x { js_access gate.api; if ($request_method = PUT) { return 405; } }'),
    [],
  )
})

test('satisfy any is a way past the guard', () => {
  const location = 'location /x { js_access gate.api; }'
  for (const server of [`satisfy any;\n${location}`, location.replace('{', '{ satisfy any;')]) {
    assert.deepEqual(problemsIn(server), [
      'x.conf:3: satisfy any lets requests past js_access of location /x',
    ])
  }
  assert.deepEqual(problemsIn(`satisfy all; ${location}`), [])
})

test("limit_except in a guarded location is told, elsewhere it is nobody's business", () => {
  const told = problemsIn(`
location /api/ {
  js_access gate.api;
  limit_except GET { deny all; }
  proxy_pass http://worker;
}
location /assets/ { limit_except GET { deny all; } }
`)
  assert.deepEqual(told, [
    'x.conf:6: limit_except takes the $gate_… settings of location /api/ away from some methods',
  ])
})
