/** GATE_TRUSTED_PROXIES: whose X-Forwarded-For is believed, and which address in it. */

import assert from 'node:assert/strict'
import { makeAccount } from '../support/accounts.ts'
import { Client } from '../support/client.ts'
import { ROOMY } from '../support/own-stack.ts'
import { awaitLog } from '../support/proxy-log.ts'
import { withRedis } from '../support/redis.ts'
import { sessionOf } from '../support/session.ts'
import { useStack } from '../support/test-stack.ts'

const { stackTest } = useStack({ ...ROOMY, GATE_TRUSTED_PROXIES: '127.0.0.7, 10.0.0.0/8' })

const BY_PROXY: readonly [string, string, string][] = [
  ['one address', '198.51.100.1', '198.51.100.1'],
  ['an IPv6 address', '2001:db8::1', '2001:db8::1'],
  ['hops that are trusted too', '198.51.100.2, 10.1.2.3, 10.9.9.9', '198.51.100.2'],
  ['an address in front that the client made up', '1.1.1.1, 198.51.100.3', '198.51.100.3'],
  ['no address', 'unknown', '127.0.0.7'],
  ['nothing', '', '127.0.0.7'],
]

for (const [what, forwarded, expected] of BY_PROXY) {
  stackTest(`behind a trusted proxy that forwards for ${what}: ${expected}`, async ({ plan }) => {
    const account = await makeAccount(plan)
    const client = new Client(plan, '127.0.0.7')
    const answer = await client.send('/login', {
      body: { username: account.username, password: account.password },
      headers: { 'X-Forwarded-For': forwarded, 'X-Real-IP': '203.0.113.9' },
    })
    assert.equal(answer.status, 200)
    const { key } = sessionOf(plan, client)
    assert.equal(await withRedis(plan, (redis) => redis.hget(key, 'ip')), expected)
    const { ip } = await awaitLog(plan, String(answer.headers['x-request-id']))
    assert.equal(ip, expected)
  })
}

stackTest('whoever is no trusted proxy speaks for nobody', async ({ plan }) => {
  const client = new Client(plan, '127.0.0.8')
  const headers = { 'X-Forwarded-For': '198.51.100.1', 'X-Real-IP': '198.51.100.1' }
  const answer = await client.send('/api/me', { headers })
  const { ip } = await awaitLog(plan, String(answer.headers['x-request-id']))
  assert.equal(ip, '127.0.0.8')
})
