/** A process that was away from its sockets knows it (njs/src/nginx/pace.ts). */

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { type BareNginx, startBareNginx } from '../support/bare-nginx.ts'

const HTTP = `
  server {
    listen 127.0.0.1:PORT;
    location = / { js_content gate.watched; }
  }`

let nginx: BareNginx
before(async () => {
  const entry = fileURLToPath(new URL('../support/pace-handlers.ts', import.meta.url))
  nginx = await startBareNginx(entry, HTTP)
})
after(() => nginx?.stop())

test('a stall is seen at once and not forgotten; nothing is left that could run on', async () => {
  // The same process several times: a timer that went on or was cleared twice would end it.
  for (let times = 0; times < 5; times++) {
    const response = await fetch(nginx.url)
    assert.deepEqual(await response.json(), { atOnce: true, later: true })
  }
})
