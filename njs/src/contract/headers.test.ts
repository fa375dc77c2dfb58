import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { GATE_HEADERS, REAL_IP_HEADER, REQUEST_ID_HEADER } from './headers.ts'

const snippet = readFileSync(
  new URL('../../../nginx/snippets/proxy-worker.conf', import.meta.url),
  'utf8',
)
const { revoke, ...toWorker } = GATE_HEADERS

test('nothing of a client reaches the worker that is not listed', () => {
  assert.match(snippet, /^proxy_pass_request_headers off;$/m)
  assert.doesNotMatch(snippet, new RegExp(`^proxy_set_header ${revoke} `, 'm'))
})

for (const name of [...Object.values(toWorker), REQUEST_ID_HEADER, REAL_IP_HEADER]) {
  test(`nginx itself says what ${name} is`, () => {
    assert.match(snippet, new RegExp(`^proxy_set_header ${name} \\$(?!http_)`, 'm'))
  })
}
