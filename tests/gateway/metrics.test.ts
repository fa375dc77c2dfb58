import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { networkInterfaces } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { CHECKOUT } from '../../scripts/stack/layout.ts'
import { waitFor } from '../../scripts/stack/readiness.ts'
import { signedIn } from '../support/accounts.ts'
import { readFirstContent, rest, startChat } from '../support/chat.ts'
import { type Answer, Client } from '../support/client.ts'
import { readExposition } from '../support/exposition.ts'
import { awaitMetric, increase, type Metrics, readMetrics } from '../support/metrics.ts'
import { ROOMY } from '../support/own-stack.ts'
import { plainHttp } from '../support/plain-http.ts'
import { signalPart } from '../support/processes.ts'
import { bearing, sessionOf } from '../support/session.ts'
import { useStack } from '../support/test-stack.ts'

// A stack of its own: what other tests do would be counted too.
const { stackTest } = useStack({ ...ROOMY })

const DECISIONS = 'chatgate_gate_decisions_total'
const LIMITS = 'chatgate_gate_limit_total'
const CALLS = 'chatgate_gate_redis_calls_total'
const STREAMS = 'chatgate_gate_active_streams'

function chat(client: Client): Promise<Answer> {
  const body = { message: 'standin: text=hi delay=0', stream: false }
  return client.send('/api/chat', { body })
}

stackTest('the text is what Prometheus reads, with every metric there is', async ({ plan }) => {
  const to = plan.settings.metricsPort
  const { status, headers, text } = await plainHttp({ to, path: '/metrics' })
  assert.equal(status, 200)
  assert.equal(headers['content-type'], 'text/plain; version=0.0.4; charset=utf-8')
  assert.equal(headers['cache-control'], 'no-store')
  const families = readExposition(text)
  const [build] = families.get('chatgate_build_info')?.samples ?? []
  const { version } = JSON.parse(readFileSync(join(CHECKOUT, 'package.json'), 'utf8'))
  assert.equal(build?.labels['version'], version)
  for (const name of ['nginx', 'njs']) assert.match(build?.labels[name] ?? '', /^\d+\.\d+\.\d+$/)
  for (const [name, { samples }] of families) {
    if (name === DECISIONS || name === LIMITS) continue
    assert.ok(samples.length > 0, `${name} has a value before anything happened`)
  }
})

for (const [what, text] of Object.entries({
  'a sample before its type': 'a_total 1\n',
  'a type without help': '# TYPE a_total counter\na_total 1\n',
  'a counter by another name': '# HELP a x\n# TYPE a counter\na 1\n',
  'a series twice': '# HELP a x\n# TYPE a gauge\na{b="c"} 1\na{b="c"} 2\n',
  'a family twice': '# HELP a x\n# TYPE a gauge\na 1\n# HELP a x\n# TYPE a gauge\n',
  'a sample of another family': '# HELP a x\n# TYPE a gauge\nb 1\n',
  'a quote that is not escaped': '# HELP a x\n# TYPE a gauge\na{b="c"d"} 1\n',
  'no number': '# HELP a x\n# TYPE a gauge\na undefined\n',
  'no end of the last line': '# HELP a x\n# TYPE a gauge\na 1',
  'buckets that are not cumulative':
    '# HELP a x\n# TYPE a histogram\na_bucket{le="1"} 2\na_bucket{le="+Inf"} 1\na_sum 1\na_count 1\n',
  'no last bucket': '# HELP a x\n# TYPE a histogram\na_bucket{le="1"} 2\na_sum 1\na_count 2\n',
})) {
  test(`the reader that these tests trust refuses ${what}`, () => {
    assert.throws(() => readExposition(text), SyntaxError)
  })
}

stackTest('only the loopback address of the private port tells it', async ({ plan }) => {
  const { client } = await signedIn(plan, 'admin')
  for (const path of ['/metrics', '/_status', '/readyz', '/metrics/']) {
    assert.equal((await client.send(path)).status, 404, path)
    assert.equal((await plainHttp({ to: plan.settings.httpPort, path })).status, 308, path)
  }
  const status = await plainHttp({ to: plan.settings.metricsPort, path: '/_status' })
  assert.equal(status.status, 404)
  const outside = Object.values(networkInterfaces())
    .flatMap((addresses) => addresses ?? [])
    .find(({ family, internal }) => family === 'IPv4' && !internal)
  if (outside === undefined) return
  await assert.rejects(
    fetch(`http://${outside.address}:${plan.settings.metricsPort}/metrics`),
    'another address of the machine answers',
  )
})

/** Repeats what has to happen within the two seconds for which a session is believed. */
async function withinFreshness(run: () => Promise<void>): Promise<void> {
  for (let attempt = 0; attempt < 5; attempt++) {
    const began = performance.now()
    try {
      await run()
      return
    } catch (error) {
      // A machine that is busy elsewhere took too long for what is asserted.
      if (performance.now() - began < 1900) throw error
    }
  }
  throw new Error('the machine is too slow for this test')
}

stackTest('decisions are counted by verdict and by what they rest on', async ({ plan }) => {
  await withinFreshness(async () => {
    const { client } = await signedIn(plan)
    const { value } = sessionOf(plan, client)
    const forged = bearing(plan, `${value.slice(0, -1)}${value.endsWith('A') ? 'B' : 'A'}`)
    const before = await readMetrics(plan)
    // One question to Redis, then seven answers from memory.
    for (let count = 0; count < 8; count++) await client.send('/api/me')
    for (let count = 0; count < 3; count++) await forged.send('/api/me')
    await client.send('/admin/api/keys')
    await client.send('/api/me', { method: 'DELETE', headers: { 'Sec-Fetch-Site': 'cross-site' } })
    await client.send('/login')
    await client.send('/no-such-page')
    const after = await readMetrics(plan)
    assert.deepEqual(increase(before, after, DECISIONS), {
      'allow redis': 1,
      'allow cache': 7,
      'unauthenticated own': 3,
      'admin_only redis': 1,
      'cross_site own': 1,
    })
    assert.deepEqual(increase(before, after, CALLS), { answered: 2 })
    assert.deepEqual(increase(before, after, LIMITS), { 'api admitted redis': 1 })
  })
})

stackTest('limits are counted by policy, result and who counted', async ({ plan }) => {
  const { client } = await signedIn(plan)
  const before = await readMetrics(plan)
  for (let count = 0; count < 5; count++) assert.equal((await chat(client)).status, 200)
  // Redis refuses the first one, memory those after it.
  for (let count = 0; count < 4; count++) assert.equal((await chat(client)).status, 429)
  const after = await readMetrics(plan)
  assert.deepEqual(increase(before, after, LIMITS), {
    'chat admitted redis': 5,
    'streams admitted redis': 5,
    'chat refused redis': 1,
    'chat refused memory': 3,
  })
  assert.deepEqual(increase(before, after, DECISIONS), {
    'allow redis': 5,
    'rate_limited redis': 1,
    'rate_limited memory': 3,
  })
  assert.deepEqual(increase(before, after, CALLS), { answered: 6 })
})

stackTest('the time of every call to Redis falls into a bucket', async ({ plan }) => {
  const before = await readMetrics(plan)
  await signedIn(plan)
  for (let count = 0; count < 20; count++) {
    await new Client(plan).send('/login', { body: { username: 'nobody', password: 'wrong' } })
  }
  const after = await readMetrics(plan)
  const grown = (name: string) => after.sum(name) - before.sum(name)
  const count = grown('chatgate_gate_redis_seconds_count')
  assert.equal(count, 21)
  assert.equal(grown(CALLS), count)
  const sum = grown('chatgate_gate_redis_seconds_sum')
  assert.ok(sum >= 0 && sum < count * 0.5, `${sum} s`)
})

stackTest('running answers are counted while they run, and not after', async ({ plan }) => {
  await awaitMetric(plan, STREAMS, 0)
  const { client } = await signedIn(plan)
  const slow = 'standin: tokens=400 delay=50'
  const chats = [await startChat(client, slow), await startChat(client, slow)]
  const whole = client.send('/api/chat', {
    body: { message: 'standin: tokens=20 delay=100', stream: false },
  })
  await awaitMetric(plan, STREAMS, 3)
  for (const { events } of chats) await readFirstContent(events)
  await whole
  await awaitMetric(plan, STREAMS, 2)
  // The browser is closed: nothing runs through nginx, though the worker writes on.
  chats[0]?.response.destroy()
  await awaitMetric(plan, STREAMS, 1)
  await client.send(`/api/chat/${chats[1]?.id}/stop`, { method: 'POST' })
  await rest(chats[1]?.events ?? assert.fail())
  await awaitMetric(plan, STREAMS, 0)
})

stackTest('a crowd of clients that leave at once leaves no running answer', async ({ plan }) => {
  const people = await Promise.all(Array.from({ length: 4 }, () => signedIn(plan)))
  const body = { message: 'standin: first=2000 tokens=5' }
  for (let round = 0; round < 3; round++) {
    const aborts = people.map(async ({ client }, index) => {
      const opening = client.open('/api/chat', { body })
      await new Promise((resolve) => setTimeout(resolve, index * 3))
      client.close()
      await opening.then((response) => response.destroy()).catch(() => undefined)
    })
    await Promise.all(aborts)
  }
  // Only the question about the metrics itself is being worked on.
  await awaitMetric(plan, 'chatgate_nginx_connections', 1, { state: 'writing' })
  await awaitMetric(plan, STREAMS, 0)
})

stackTest('each log record is counted once Redis has it', async ({ plan }) => {
  const [queued, delivered] = ['chatgate_gate_log_queued', 'chatgate_gate_log_delivered_total']
  await awaitMetric(plan, queued, 0)
  const before = await readMetrics(plan)
  const client = new Client(plan)
  for (let count = 0; count < 12; count++) await client.send('/login')
  // Neither of these is logged.
  await client.send('/healthz')
  await plainHttp({ to: plan.settings.metricsPort, path: '/metrics' })
  await awaitMetric(plan, delivered, before.sum(delivered) + 12)
  await awaitMetric(plan, queued, 0)
  const after = await readMetrics(plan)
  assert.deepEqual(increase(before, after, 'chatgate_gate_log_dropped_total'), {})
})

stackTest('zones tell how large they are and how much is free', async ({ plan }) => {
  const metrics = await readMetrics(plan)
  const size = (zone: string) => metrics.sum('chatgate_gate_zone_bytes', { zone })
  assert.equal(size('gate_slots'), 16 * 1024 * 1024)
  assert.equal(size('gate_credentials'), 8 * 1024 * 1024)
  const zones = metrics.families.get('chatgate_gate_zone_bytes')?.samples ?? []
  for (const { labels, value } of zones) {
    const free = metrics.sum('chatgate_gate_zone_free_bytes', labels)
    assert.ok(free > 0 && free < value, `${labels['zone']}: ${free} of ${value}`)
  }
})

stackTest('connections of clients are counted by what they do', async ({ plan }) => {
  const waiting = (metrics: Metrics) =>
    metrics.sum('chatgate_nginx_connections', { state: 'waiting' })
  const accepted = 'chatgate_nginx_connections_accepted_total'
  const before = await readMetrics(plan)
  // More than earlier tests can have left behind, as those end whenever they like.
  const clients = Array.from({ length: 60 }, () => new Client(plan))
  for (const client of clients) await client.send('/healthz')
  const during = await readMetrics(plan)
  assert.ok(waiting(during) >= 60, `${waiting(during)} are waiting`)
  assert.ok(during.sum(accepted) >= before.sum(accepted) + 60)
  assert.equal(during.sum('chatgate_nginx_connections_dropped_total'), 0)
  for (const client of clients) client.close()
  await waitFor(async () => {
    assert.ok(waiting(await readMetrics(plan)) <= waiting(during) - 60)
  }, 10_000)
})

stackTest('a reload keeps the counts', async ({ plan }) => {
  const before = await readMetrics(plan)
  assert.ok(before.sum(DECISIONS) > 0)
  signalPart(plan, 'nginx', 'SIGHUP')
  for (let count = 0; count < 5; count++) await new Client(plan).send('/api/me')
  const after = await readMetrics(plan)
  assert.deepEqual(increase(before, after, DECISIONS), { 'unauthenticated own': 5 })
})

stackTest('answers say nothing of the gate’s time unless it is switched on', async ({ plan }) => {
  const { client } = await signedIn(plan)
  for (const path of ['/api/me', '/chat', '/login']) {
    assert.equal((await client.send(path)).headers['server-timing'], undefined, path)
  }
})
