import assert from 'node:assert/strict'
import { test } from 'node:test'
import { pino } from 'pino'
import type { LogRecord } from '#contract/log-record.ts'
import type { RejectedLine } from './domain/log-batch.ts'
import { type LogConsumer, startLogConsumer } from './log-consumer.ts'
import type { LogEntry, LogStream } from './stores/proxy-log-stream.ts'

const NOW = Date.parse('2026-11-22T12:00:00Z')
const log = pino({ level: 'silent' })

function line(id: number, change: Partial<LogRecord> = {}): string {
  const record: LogRecord = {
    v: 1,
    at: NOW,
    id: String(id).padStart(32, '0'),
    uid: null,
    ip: '127.0.0.1',
    method: 'GET',
    path: '/',
    proto: 'HTTP/1.1',
    status: 200,
    done: true,
    ms: 1,
    in: 1,
    out: 1,
    up: null,
    upms: null,
    gate: '',
    ua: '',
    ...change,
  }
  return JSON.stringify(record)
}

/** A stream whose entries are handed out once; `whenEmpty` runs the test's last step. */
function fakeStream(own: LogEntry[], fresh: LogEntry[]) {
  const finished = new Map<string, readonly RejectedLine[]>()
  let empty = () => {}
  let release = () => {}
  const stream: LogStream = {
    prepare: async () => {},
    readOwn: async () => own.splice(0),
    async readNew() {
      if (fresh.length > 0) return fresh.splice(0)
      empty()
      await new Promise<void>((resolve) => {
        release = resolve
      })
      return []
    },
    claimAbandoned: async () => [],
    finish: async (id, dead) => {
      finished.set(id, dead)
      return true
    },
    close: () => release(),
  }
  const drained = new Promise<void>((resolve) => {
    empty = resolve
  })
  return { stream, finished, drained }
}

function fakeTable() {
  const ids: string[] = []
  const insert = async (records: readonly LogRecord[]) => {
    ids.push(...records.map(({ id }) => id.replace(/^0+/, '')))
  }
  return { ids, insert }
}

function entry(id: string, ...lines: string[]): LogEntry {
  return { id, batch: lines.join('\n'), deliveries: 1 }
}

async function consume(
  source: ReturnType<typeof fakeStream>,
  insert: (records: readonly LogRecord[]) => Promise<void>,
): Promise<void> {
  const consumer = startLogConsumer({
    stream: source.stream,
    proxyLogs: { insert },
    log,
    now: () => NOW,
  })
  await source.drained
  await consumer.stop()
}

test('unfinished entries come first, then new ones; all are stored and finished', async () => {
  const source = fakeStream([entry('1-0', line(1))], [entry('2-0', line(2), line(3))])
  const table = fakeTable()
  await consume(source, table.insert)
  assert.deepEqual(table.ids, ['1', '2', '3'])
  assert.deepEqual(
    [...source.finished],
    [
      ['1-0', []],
      ['2-0', []],
    ],
  )
})

test('a bad line goes to the dead letters, its neighbours to the table', async () => {
  const source = fakeStream([], [entry('1-0', line(1), 'nonsense', line(2))])
  const table = fakeTable()
  await consume(source, table.insert)
  assert.deepEqual(table.ids, ['1', '2'])
  assert.deepEqual(source.finished.get('1-0'), [{ line: 'nonsense', reason: 'not JSON' }])
})

test('values that MySQL refuses cost only their own rows, and few tries', async () => {
  const lines = Array.from({ length: 500 }, (_, index) =>
    line(index + 1, index === 7 || index === 450 ? { path: '/poison' } : {}),
  )
  const source = fakeStream([], [entry('1-0', ...lines)])
  const table = fakeTable()
  let tries = 0
  await consume(source, async (records) => {
    tries += 1
    if (records.some(({ path }) => path === '/poison')) {
      throw Object.assign(new Error('too long'), { errno: 1406, sqlState: '22001' })
    }
    await table.insert(records)
  })
  assert.equal(table.ids.length, 498)
  assert.equal(new Set(table.ids).size, 498)
  assert.ok(tries < 40, `${tries} tries`)
  const dead = source.finished.get('1-0') ?? []
  assert.deepEqual(
    dead.map(({ reason }) => reason),
    ['Error: too long', 'Error: too long'],
  )
  for (const { line } of dead) assert.match(line, /poison/)
})

test('what a lost worker left is taken over at the start, until nothing is left', async () => {
  const source = fakeStream([], [entry('3-0', line(3))])
  const table = fakeTable()
  const left = [[entry('1-0', line(1))], [entry('2-0', line(2))]]
  const stream = { ...source.stream, claimAbandoned: async () => left.shift() ?? [] }
  await consume({ ...source, stream }, table.insert)
  assert.deepEqual(table.ids, ['1', '2', '3'])
  assert.equal(source.finished.size, 3)
})

test('while MySQL is away the entry stays open and is tried again', async () => {
  const source = fakeStream([], [entry('1-0', line(1))])
  const table = fakeTable()
  let tries = 0
  await consume(source, async (records) => {
    tries += 1
    if (tries < 3) {
      assert.equal(source.finished.size, 0)
      throw new Error('away')
    }
    await table.insert(records)
  })
  assert.equal(tries, 3)
  assert.deepEqual(table.ids, ['1'])
  assert.equal(source.finished.size, 1)
})

test('stopping while MySQL is away leaves the entry for the next start', async () => {
  const source = fakeStream([], [entry('1-0', line(1))])
  let consumer: LogConsumer | undefined
  const stopped = new Promise<void>((resolve) => {
    consumer = startLogConsumer({
      stream: source.stream,
      proxyLogs: {
        insert: async () => {
          queueMicrotask(() => resolve(consumer?.stop()))
          throw new Error('away')
        },
      },
      log,
      now: () => NOW,
    })
  })
  await stopped
  assert.equal(source.finished.size, 0)
})

test('an entry that was handed out too often is put aside unread', async () => {
  const source = fakeStream([{ ...entry('1-0', line(1)), deliveries: 6 }], [])
  const table = fakeTable()
  await consume(source, table.insert)
  assert.deepEqual(table.ids, [])
  assert.equal(source.finished.get('1-0')?.[0]?.reason, 'delivered 6 times')
})

test('an entry that was trimmed away is finished', async () => {
  const source = fakeStream([{ id: '1-0', batch: undefined, deliveries: 1 }], [])
  await consume(source, fakeTable().insert)
  assert.deepEqual(source.finished.get('1-0'), [])
})

test('a lost connection to Redis is survived, and what was in hand is done again', async () => {
  const source = fakeStream([], [entry('1-0', line(1))])
  const table = fakeTable()
  const finish = source.stream.finish
  let failed = false
  const stream: LogStream = {
    ...source.stream,
    readOwn: async () => (failed && source.finished.size === 0 ? [entry('1-0', line(1))] : []),
    finish: async (id, dead) => {
      if (!failed) {
        failed = true
        throw new Error('Connection is closed.')
      }
      return await finish(id, dead)
    },
  }
  await consume({ ...source, stream }, table.insert)
  assert.deepEqual(table.ids, ['1', '1'])
  assert.equal(source.finished.size, 1)
})
