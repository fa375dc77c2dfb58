/** Log records that cannot be stored: they go to the dead letters, and the rest goes on. */

import assert from 'node:assert/strict'
import { after } from 'node:test'
import { LOG_BATCH_FIELD, type LogRecord } from '#contract/log-record.ts'
import { PROXY_LOG_DEAD, PROXY_LOG_STREAM } from '#contract/redis-keys.ts'
import type { Plan } from '../../scripts/stack/plan.ts'
import { waitFor } from '../../scripts/stack/readiness.ts'
import { addEntry, loseWorker, streamIsEmpty } from '../support/log-entries.ts'
import { type OutsideServer, outsideRedis } from '../support/outside-server.ts'
import { signalPart } from '../support/processes.ts'
import { awaitLog, drainLogs, logsOf } from '../support/proxy-log.ts'
import { withRedis } from '../support/redis.ts'
import { useStack } from '../support/test-stack.ts'

let redis: OutsideServer
const { stackTest } = useStack(async () => {
  redis = await outsideRedis()
  return redis.settings
})
after(() => redis?.remove())

const DONE_MS = 20_000
/** What nginx says while Redis takes no records. */
const PROVOKES =
  /(?:recv|send|writev)\(\) failed|gate: (?:Redis|log records|the queue|there is room)/

let made = 0

/** Returns a record that can be stored, changed as the test likes. */
function record(change: Readonly<Record<string, unknown>> = {}): LogRecord {
  made += 1
  return {
    v: 1,
    at: Date.now(),
    id: made.toString(16).padStart(32, '0'),
    uid: null,
    ip: '192.0.2.7',
    method: 'GET',
    path: '/poison',
    proto: 'HTTP/1.1',
    status: 200,
    done: true,
    ms: 1,
    in: 100,
    out: 200,
    up: null,
    upms: null,
    gate: '',
    ua: 'poison',
    ...change,
  }
}

function line(value: LogRecord): string {
  return JSON.stringify(value)
}

interface DeadLetter {
  readonly entry: string
  readonly reason: string
  readonly line: string
}

/** Resolves with the dead letters of an entry, once the entry is off the stream. */
function lettersOf(plan: Plan, entry: string): Promise<readonly DeadLetter[]> {
  return withRedis(plan, (client) =>
    waitFor(async () => {
      assert.deepEqual(await client.xrange(PROXY_LOG_STREAM, entry, entry), [])
      const letters = await client.xrange(PROXY_LOG_DEAD, '-', '+')
      return letters
        .map(([, [, of = '', , reason = '', , text = '']]) => ({ entry: of, reason, line: text }))
        .filter((letter) => letter.entry === entry)
    }, DONE_MS),
  )
}

stackTest('lines that are no records cost nothing but themselves', async ({ plan }) => {
  const good = [record(), record(), record()]
  const [first, second, third] = good.map(line)
  const bad = [
    'nonsense',
    '[]',
    first?.slice(0, -1) ?? '',
    line(record({ v: 2 })),
    line(record({ status: 'ok' })),
    line(record({ at: Date.now() - 31 * 86_400_000 })),
  ]
  const text = [first, bad[0], bad[1], second, ...bad.slice(2), third].join('\n')
  const letters = await lettersOf(plan, await addEntry(plan, LOG_BATCH_FIELD, text))
  assert.deepEqual(
    letters.map((letter) => letter.line),
    bad,
  )
  for (const letter of letters) assert.ok(letter.reason.length > 3, letter.reason)
  for (const { id } of good) await awaitLog(plan, id)
})

stackTest('a record that MySQL refuses costs only its own row', async ({ plan }) => {
  const batch = Array.from({ length: 100 }, (_, index) =>
    // Twenty digits may be a user's number, but not these.
    record(index === 40 ? { uid: '99999999999999999999' } : {}),
  )
  const letters = await lettersOf(
    plan,
    await addEntry(plan, LOG_BATCH_FIELD, batch.map(line).join('\n')),
  )
  assert.deepEqual(
    letters.map((letter) => letter.line),
    [line(batch[40] as LogRecord)],
  )
  assert.match(letters[0]?.reason ?? '', /user_id/)
  for (const { id } of batch.filter((_, index) => index !== 40)) await awaitLog(plan, id)
})

stackTest('entries that no gate has made are put aside', async ({ plan }) => {
  const strange = [
    await addEntry(plan, 'something', 'else'),
    await addEntry(plan, LOG_BATCH_FIELD, Buffer.from([0xff, 0xfe, 0x00, 0x80, 0x0d])),
    await addEntry(plan, LOG_BATCH_FIELD, 'x'.repeat(200_000)),
  ]
  for (const entry of strange) assert.equal((await lettersOf(plan, entry)).length, 1)
  const empty = await addEntry(plan, LOG_BATCH_FIELD, '')
  assert.deepEqual(await lettersOf(plan, empty), [])
  await drainLogs(plan)
})

stackTest('an entry that brought down each worker is put aside unread', async ({ plan }) => {
  const [fatal, neighbour] = [record(), record()]
  let entry = ''
  await loseWorker(
    plan,
    async () => {
      entry = await addEntry(plan, LOG_BATCH_FIELD, line(fatal))
      await addEntry(plan, LOG_BATCH_FIELD, line(neighbour))
    },
    () => ({ [entry]: 5 }),
  )
  const [letter] = await lettersOf(plan, entry)
  assert.equal(letter?.reason, 'delivered 6 times')
  await awaitLog(plan, neighbour.id)
  assert.deepEqual(await logsOf(plan, fatal.id), [])
})

stackTest('an entry that was taken away unread holds nothing up', async ({ plan }) => {
  const neighbour = record()
  await loseWorker(plan, async () => {
    const gone = await addEntry(plan, LOG_BATCH_FIELD, line(record()))
    await addEntry(plan, LOG_BATCH_FIELD, line(neighbour))
    await withRedis(plan, (client) => client.xdel(PROXY_LOG_STREAM, gone))
  })
  await awaitLog(plan, neighbour.id)
  await streamIsEmpty(plan)
})

stackTest(
  'a bad line holds nothing up when Redis has no memory to keep it',
  async ({ plan }) => {
    const worker = signalPart(plan, 'worker', 'SIGSTOP')
    const good = record()
    const text = `nonsense\n${line(good)}`
    const entry = await addEntry(plan, LOG_BATCH_FIELD, text)
    await withRedis(plan, (client) => client.config('SET', 'maxmemory', '1'))
    try {
      process.kill(worker.pid, 'SIGCONT')
      assert.deepEqual(await lettersOf(plan, entry), [])
      await awaitLog(plan, good.id)
    } finally {
      await withRedis(plan, (client) => client.config('SET', 'maxmemory', '256mb'))
    }
    await drainLogs(plan)
  },
  { provokes: PROVOKES },
)
