import assert from 'node:assert/strict'
import { test } from 'node:test'
import { checkBodySizes } from './body-sizes.ts'
import { parseNginx } from './nginx-parser.ts'
import { formatProblem } from './problem.ts'
import { findDefinitions } from './variable-definitions.ts'

const WORKER = 'proxy_pass http://worker;'

function problemsIn(http: string): readonly string[] {
  const upstream = 'upstream worker { server unix:/w.sock; }'
  const directives = parseNginx(`http { ${upstream}\n${http}\n}`, 'x.conf')
  return checkBodySizes(directives, findDefinitions(directives), 262_144).map(formatProblem)
}

test('the same size is in order, however it is written and wherever it stands', () => {
  for (const size of ['256k', '256K', '262144']) {
    assert.deepEqual(
      problemsIn(`client_max_body_size ${size}; server { location / { ${WORKER} } }`),
      [],
    )
    assert.deepEqual(
      problemsIn(
        `client_max_body_size 1m; server { location / { client_max_body_size ${size}; ${WORKER} } }`,
      ),
      [],
    )
  }
})

test('another one is told where it stands, once for all locations that have it', () => {
  for (const size of ['255k', '1m', '0']) {
    const locations = `location /a { ${WORKER} } location /b { ${WORKER} }`
    assert.deepEqual(problemsIn(`client_max_body_size ${size}; server { ${locations} }`), [
      `x.conf:2: client_max_body_size is ${size}, but the worker takes 262144 bytes; set WORKER_BODY_BYTES, which both follow`,
    ])
  }
})

test('what leads elsewhere or carries no body does not count', () => {
  const server = (location: string) =>
    `server { client_max_body_size 8m; location / { ${location} } }`
  assert.deepEqual(problemsIn(server('return 404;')), [])
  assert.deepEqual(problemsIn(server(`proxy_pass_request_body off; ${WORKER}`)), [])
})
