import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type LogFacts, makeLogRecord } from './log-entry.ts'

const facts: LogFacts = {
  id: 'a'.repeat(32),
  uid: '7',
  ip: '192.0.2.1',
  requestLine: 'POST /api/chat?secret=1 HTTP/2.0',
  target: '/api/chat?secret=1',
  proto: 'HTTP/2.0',
  status: '200',
  completion: 'OK',
  msec: '1795362391.500',
  requestTime: '1.250',
  bytesIn: '300',
  bytesOut: '1234',
  upstreamStatus: '502, 200',
  upstreamHeaderTime: '0.001, 0.040',
  verdict: 'allow',
  userAgent: 'x'.repeat(300),
}

test('a record begins when the request began and holds no query', () => {
  const record = makeLogRecord(facts)
  assert.equal(record.at, 1_795_362_390_250)
  assert.equal(record.ms, 1250)
  assert.equal(record.path, '/api/chat')
  assert.equal(record.up, 200)
  assert.equal(record.upms, 40)
  assert.equal(record.ua.length, 256)
  assert.equal(record.done, true)
})

test('the method is that of the request line, if it is one', () => {
  const methodOf = (requestLine: string) => makeLogRecord({ ...facts, requestLine }).method
  assert.equal(methodOf('POST /api/chat HTTP/1.1'), 'POST')
  assert.equal(methodOf('M-SEARCH * HTTP/1.1'), 'M-SEARCH')
  assert.equal(methodOf(`${'X'.repeat(99)} / HTTP/1.1`), 'X'.repeat(32))
  for (const line of [
    '',
    'NONSENSE',
    'GET',
    'GET ',
    '\u0016\u0003\u0001 \u00ff',
    '登录 / HTTP/1.1',
  ]) {
    assert.equal(methodOf(line), '', line)
  }
})

test('an aborted answer is not done', () => {
  assert.equal(makeLogRecord({ ...facts, completion: '' }).done, false)
})

test('a request that nginx could not parse still makes a record', () => {
  const nothing = Object.fromEntries(Object.keys(facts).map((key) => [key, undefined]))
  const record = makeLogRecord({ ...(nothing as unknown as LogFacts), status: '400' })
  assert.equal(record.status, 400)
  assert.equal(record.method, '')
  assert.equal(record.path, '')
  assert.equal(record.uid, null)
  assert.equal(record.up, null)
  assert.equal(record.upms, null)
})
