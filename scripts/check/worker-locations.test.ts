import assert from 'node:assert/strict'
import { test } from 'node:test'
import { GATE_HEADERS } from '#contract/headers.ts'
import { parseNginx } from './nginx-parser.ts'
import { formatProblem } from './problem.ts'
import { findDefinitions } from './variable-definitions.ts'
import { checkWorkerHeaders } from './worker-locations.ts'

const ALL = Object.values(GATE_HEADERS)
  .map((name) => `proxy_set_header ${name} "";`)
  .join(' ')

function problemsIn(http: string): readonly string[] {
  const directives = parseNginx(`http {\n${http}\n}`, 'x.conf')
  return checkWorkerHeaders(directives, findDefinitions(directives)).map(formatProblem)
}

test('every identity header is set where the worker is asked', () => {
  assert.deepEqual(problemsIn(`server { location /x { ${ALL} proxy_pass http://worker; } }`), [])
  assert.deepEqual(problemsIn(`${ALL} server { location /x { proxy_pass http://worker; } }`), [])
  assert.deepEqual(problemsIn('server { location /x { proxy_pass http://redis_bridge; } }'), [])
})

test('a header that is left to the client is told', () => {
  const some = ALL.replace(/proxy_set_header X-Gate-User "";/, '')
  const [problem, ...more] = problemsIn(
    `server {\nlocation /x { ${some} proxy_pass http://worker; } }`,
  )
  assert.match(problem ?? '', /^x\.conf:3: location \/x .* does not set X-Gate-User; include /)
  assert.deepEqual(more, [])
})

test('one header in a location forgets those around it', () => {
  const location = 'location /x { proxy_set_header X-Other 1; proxy_pass http://worker; }'
  const [problem = ''] = problemsIn(`server { ${ALL}\n${location} }`)
  for (const name of Object.values(GATE_HEADERS)) assert.ok(problem.includes(name), name)
})

test('where nothing of the client is handed on, nothing has to be set', () => {
  const location = 'location /x { proxy_pass_request_headers off; proxy_pass http://worker; }'
  assert.deepEqual(problemsIn(`server { ${location} }`), [])
})
