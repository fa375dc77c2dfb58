import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { LogRecord } from '../contract/log-record.ts'
import { type LogVariables, logLine } from './log-entry.ts'

const NOW = 1_795_362_391_500

const variables: LogVariables = {
  request_id: 'a'.repeat(32),
  gate_logged_user: '7',
  remote_addr: '192.0.2.1',
  request: 'POST /api/chat?secret=1 HTTP/2.0',
  request_uri: '/api/chat?secret=1',
  server_protocol: 'HTTP/2.0',
  status: '200',
  request_completion: 'OK',
  request_time: '1.250',
  request_length: '300',
  bytes_sent: '12000000000',
  upstream_status: '502, 200',
  upstream_header_time: '0.001, 0.040',
  gate_verdict: 'allow',
  http_user_agent: 'curl/8',
}

function recordOf(change: LogVariables = {}): LogRecord {
  return JSON.parse(logLine({ ...variables, ...change }, NOW))
}

test('a record begins when the request began and holds no query', () => {
  assert.deepEqual(recordOf(), {
    v: 1,
    at: NOW - 1250,
    id: 'a'.repeat(32),
    uid: '7',
    ip: '192.0.2.1',
    method: 'POST',
    path: '/api/chat',
    proto: 'HTTP/2.0',
    status: 200,
    done: true,
    ms: 1250,
    in: 300,
    out: 12_000_000_000,
    up: 200,
    upms: 40,
    gate: 'allow',
    ua: 'curl/8',
  })
})

test('an aborted answer is not done', () => {
  assert.equal(recordOf({ request_completion: '' }).done, false)
})

test('nobody signed in and no call of the worker are null', () => {
  const { uid, up, upms } = recordOf({
    gate_logged_user: '',
    upstream_status: undefined,
    upstream_header_time: undefined,
  })
  assert.deepEqual({ uid, up, upms }, { uid: null, up: null, upms: null })
})

test('of several servers the last one counts, and one that gave no answer has no figures', () => {
  const seen = (upstream_status: string, upstream_header_time: string) => {
    const { up, upms } = recordOf({ upstream_status, upstream_header_time })
    return [up, upms]
  }
  assert.deepEqual(seen('502, 502, 200', '0.001, 0.002, 0.003'), [200, 3])
  assert.deepEqual(seen('200 : 404', '0.001 : 0.002'), [404, 2])
  assert.deepEqual(seen('502', '-'), [502, null])
  assert.deepEqual(seen('-', '-'), [null, null])
})

test('times are whole milliseconds, however long', () => {
  for (const [text, ms] of [
    ['0.000', 0],
    ['0.001', 1],
    ['0.999', 999],
    ['1.001', 1001],
    ['959.999', 959_999],
    ['86400.123', 86_400_123],
  ] as const) {
    assert.equal(recordOf({ request_time: text }).ms, ms, text)
  }
})

test('status codes that no client got are numbers too', () => {
  assert.equal(recordOf({ status: '000' }).status, 0)
  assert.equal(recordOf({ status: '009' }).status, 9)
})

test('long fields are cut', () => {
  const record = recordOf({
    request: `${'M'.repeat(99)} /x HTTP/1.1`,
    request_uri: `/${'p'.repeat(2000)}?q`,
    http_user_agent: 'u'.repeat(2000),
  })
  assert.equal(record.method, 'M'.repeat(32))
  assert.equal(record.path, `/${'p'.repeat(511)}`)
  assert.equal(record.ua, 'u'.repeat(256))
})

test('a request that nginx could not parse makes a record without method and path', () => {
  const { method, path, ...rest } = recordOf({
    request: '\u0016\u0003\u0001 "\u00ff',
    request_uri: '',
    server_protocol: '',
    status: '400',
  })
  assert.deepEqual({ method, path, status: rest.status }, { method: '', path: '', status: 400 })
})

test('a request of which nginx knows nothing makes a record', () => {
  const record: LogRecord = JSON.parse(logLine({}, NOW))
  assert.deepEqual(record, {
    v: 1,
    at: NOW,
    id: '',
    uid: null,
    ip: '',
    method: '',
    path: '',
    proto: '',
    status: 0,
    done: false,
    ms: 0,
    in: 0,
    out: 0,
    up: null,
    upms: null,
    gate: '',
    ua: '',
  })
})

test('whatever a client sends, the record is one line that holds it as it is', () => {
  const text = fc.oneof(fc.string(), fc.string({ unit: 'binary' }))
  fc.assert(
    fc.property(text, text, text, (method, target, agent) => {
      const line = logLine(
        {
          ...variables,
          request: `${method} ${target} HTTP/1.1`,
          request_uri: `/${target}`,
          http_user_agent: agent,
        },
        NOW,
      )
      assert.ok(!/[\n\r]/.test(line))
      const record: LogRecord = JSON.parse(line)
      assert.equal(record.ua, agent.slice(0, 256))
      assert.equal(record.path, `/${target}`.split('?', 1)[0]?.slice(0, 512))
      assert.equal(record.id, variables.request_id)
    }),
    { numRuns: 500 },
  )
})

test('the same text a second time gives the same record', () => {
  for (let index = 0; index < 200; index++) {
    const agent = `agent "${index % 70}"`
    assert.equal(recordOf({ http_user_agent: agent }).ua, agent)
  }
})
