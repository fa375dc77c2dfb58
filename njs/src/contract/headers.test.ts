import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { GATE_HEADERS, REAL_IP_HEADER, REQUEST_ID_HEADER } from './headers.ts'

const snippet = readFileSync(
  new URL('../../../nginx/snippets/proxy-worker.conf', import.meta.url),
  'utf8',
)

for (const name of [...Object.values(GATE_HEADERS), REQUEST_ID_HEADER, REAL_IP_HEADER]) {
  test(`nginx sets or removes ${name} on its way to the worker`, () => {
    assert.match(snippet, new RegExp(`^proxy_set_header ${name} `, 'm'))
  })
}
