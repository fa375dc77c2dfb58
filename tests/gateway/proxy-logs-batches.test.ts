import assert from 'node:assert/strict'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { connect } from 'node:http2'
import type { Plan } from '../../scripts/stack/plan.ts'
import { signedIn } from '../support/accounts.ts'
import { LogLoad } from '../support/log-load.ts'
import { awaitMetric, readMetrics } from '../support/metrics.ts'
import { awaitLog } from '../support/proxy-log.ts'
import { withRedis } from '../support/redis.ts'
import { useStack } from '../support/test-stack.ts'

const { stackTest } = useStack({ GATE_FLOOD: 'off' })

/** As the gate has them (js_periodic in nginx/servers/gateway.conf, njs/src/nginx/log-queue.ts). */
const INTERVAL_MS = 250
const BATCH_RECORDS = 100

async function appends(plan: Plan): Promise<number> {
  const stats = await withRedis(plan, (redis) => redis.info('commandstats'))
  return Number(/^cmdstat_xadd:calls=(\d+)/m.exec(stats)?.[1] ?? 0)
}

stackTest('records reach Redis in batches, one XADD for each', async ({ plan }) => {
  const load = new LogLoad(plan)
  await awaitMetric(plan, 'chatgate_gate_log_queued', 0)
  const calls = await appends(plan)
  const began = Date.now()
  await load.send(2000)
  await load.stored()
  const made = (await appends(plan)) - calls
  // A run makes an XADD for every full batch and one for what is left; each of its four senders may
  // find a batch that is not full.
  const most = 2000 / BATCH_RECORDS + 4 * ((Date.now() - began) / INTERVAL_MS + 1)
  assert.ok(made >= 2000 / BATCH_RECORDS && made <= most, `${made} XADD, at most ${most}`)
  // The worker may have stored a batch before the gate has read that Redis has it.
  await awaitMetric(plan, 'chatgate_gate_log_delivered_total', await load.rows())
  const metrics = await readMetrics(plan)
  assert.equal(metrics.sum('chatgate_gate_log_queued'), 0)
  assert.equal(metrics.sum('chatgate_gate_log_dropped_total'), 0)
})

stackTest('a stream that is cancelled over HTTP/2 is logged as not completed', async ({ plan }) => {
  const { client, account } = await signedIn(plan)
  const ca = readFileSync(`${plan.layout.tls}/fullchain.crt`)
  const session = connect(`https://localhost:${plan.settings.httpsPort}`, { ca })
  const stream = session.request({
    ':method': 'POST',
    ':path': '/api/chat',
    'content-type': 'application/json',
    cookie: [...client.cookies].map(([name, value]) => `${name}=${value}`).join('; '),
  })
  stream.end(JSON.stringify({ message: 'standin: tokens=20 delay=50' }))
  const [headers] = await once(stream, 'response')
  await once(stream, 'data')
  stream.close(8)
  const row = await awaitLog(plan, String(headers['x-request-id']))
  session.close()
  const { completed, status, protocol, user_id } = row
  assert.deepEqual(
    { completed, status, protocol, user_id },
    { completed: 0, status: 200, protocol: 'HTTP/2.0', user_id: account.id },
  )
})
