/** What orchestrators and load balancers ask: alive, and ready. */

import assert from 'node:assert/strict'
import { after } from 'node:test'
import { signedIn } from '../support/accounts.ts'
import { Client } from '../support/client.ts'
import { type OutsideServer, outsideMysql, outsideRedis } from '../support/outside-server.ts'
import { ROOMY } from '../support/own-stack.ts'
import { plainHttp } from '../support/plain-http.ts'
import { signalPart } from '../support/processes.ts'
import { drainLogs } from '../support/proxy-log.ts'
import { awaitReadiness, readiness } from '../support/ready.ts'
import { sqlRows } from '../support/sql.ts'
import { useStack } from '../support/test-stack.ts'

let redis: OutsideServer
let mysql: OutsideServer
const { stackTest } = useStack(async () => {
  ;[redis, mysql] = await Promise.all([outsideRedis(), outsideMysql()])
  return { ...ROOMY, ...redis.settings, ...mysql.settings }
})
after(() => Promise.all([redis?.remove(), mysql?.remove()]))

const PROVOKES =
  /gate: (?:Redis|log records)|redis\.sock|bridge|worker\.sock|timed out|(recv|send|writev|connect)\(\) failed/

stackTest('whether nginx is alive is told on every port, and not logged', async ({ plan }) => {
  const { httpPort, metricsPort } = plan.settings
  for (const answer of [
    await new Client(plan).send('/healthz'),
    await plainHttp({ to: httpPort, path: '/healthz' }),
    await plainHttp({ to: metricsPort, path: '/healthz' }),
  ]) {
    assert.deepEqual([answer.status, answer.text], [200, 'ok\n'])
    assert.match(String(answer.headers['content-type']), /^text\/plain\b/)
  }
  await readiness(plan)
  await drainLogs(plan)
  const rows = await sqlRows(plan, "SELECT path FROM proxy_logs WHERE path LIKE '/%z'")
  assert.deepEqual(rows, [])
})

stackTest('with everything there it is ready', async ({ plan }) => {
  assert.deepEqual(await readiness(plan), {
    http: 200,
    status: 'ready',
    mysql: 'up',
    redis: 'up',
    draining: false,
  })
})

stackTest(
  'without Redis it is degraded but ready: known sessions go on',
  async ({ plan }) => {
    const { client } = await signedIn(plan)
    assert.equal((await client.send('/api/me')).status, 200)
    await redis.kill()
    try {
      await awaitReadiness(plan, { http: 200, status: 'degraded', redis: 'down', mysql: 'up' })
      assert.equal((await client.send('/api/me')).status, 200)
    } finally {
      await redis.start()
    }
    await awaitReadiness(plan, { http: 200, status: 'ready', redis: 'up' })
  },
  { provokes: PROVOKES },
)

stackTest(
  'without MySQL it is not ready, but alive',
  async ({ plan }) => {
    await mysql.kill()
    try {
      await awaitReadiness(plan, { http: 503, status: 'not_ready', mysql: 'down', redis: 'up' })
      assert.equal((await new Client(plan).send('/healthz')).status, 200)
    } finally {
      await mysql.start()
    }
    await awaitReadiness(plan, { http: 200, status: 'ready' })
  },
  { provokes: PROVOKES },
)

stackTest(
  'without the worker it is not ready, but alive',
  async ({ plan }) => {
    signalPart(plan, 'worker', 'SIGSTOP')
    try {
      assert.deepEqual(await readiness(plan), { http: 503, status: 'not_ready', worker: 'down' })
      assert.equal((await new Client(plan).send('/healthz')).status, 200)
    } finally {
      signalPart(plan, 'worker', 'SIGCONT')
    }
    await awaitReadiness(plan, { http: 200, status: 'ready' })
  },
  { provokes: PROVOKES },
)
