import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { LogRecord } from '#contract/log-record.ts'
import { parseLogBatch } from './log-batch.ts'

const NOW = Date.parse('2026-11-22T12:00:00Z')

const RECORD: LogRecord = {
  v: 1,
  at: NOW - 5,
  id: '0123456789abcdef0123456789abcdef',
  uid: '42',
  ip: '2001:db8::1',
  method: 'GET',
  path: '/聊天/😀',
  proto: 'HTTP/2.0',
  status: 200,
  done: true,
  ms: 12,
  in: 300,
  out: 12_000_000_000,
  up: null,
  upms: null,
  gate: 'allow',
  ua: 'Mozilla/5.0',
}

function line(change: Record<string, unknown> = {}): string {
  return JSON.stringify({ ...RECORD, ...change })
}

test('good lines become records, empty lines are nothing', () => {
  const batch = parseLogBatch(`${line()}\n\n${line({ uid: null, up: 502, upms: 3 })}\n`, NOW)
  assert.deepEqual(batch.records, [RECORD, { ...RECORD, uid: null, up: 502, upms: 3 }])
  assert.deepEqual(batch.rejected, [])
})

test('a request that nginx could not parse is a record', () => {
  const change = { method: '', path: '', proto: '', status: 400, uid: null, gate: '', ua: '' }
  assert.equal(parseLogBatch(line(change), NOW).records.length, 1)
})

test('one bad line does not spoil its neighbours', () => {
  const bad = [
    'not json',
    '[]',
    'null',
    line({ v: 2 }),
    line({ id: 'x' }),
    line({ uid: '0' }),
    line({ uid: 42 }),
    line({ status: '200' }),
    line({ status: 1000 }),
    line({ ms: -1 }),
    line({ ms: 2 ** 32 }),
    line({ out: 1.5 }),
    line({ done: 'yes' }),
    line({ path: 'a'.repeat(513) }),
    line({ method: '聊' }),
    line({ ua: 'a'.repeat(257) }),
    line({ at: NOW - 31 * 86_400_000 }),
    line({ at: NOW + 2 * 86_400_000 }),
    line({ at: 1e300 }),
    line().slice(0, -1),
  ]
  for (const text of bad) {
    const batch = parseLogBatch(`${line()}\n${text}\n${line()}`, NOW)
    assert.equal(batch.records.length, 2, text)
    assert.equal(batch.rejected.length, 1, text)
    assert.equal(batch.rejected[0]?.line, text)
    assert.ok((batch.rejected[0]?.reason.length ?? 0) > 0)
  }
})

test('a reason names the field', () => {
  assert.match(parseLogBatch(line({ status: -1 }), NOW).rejected[0]?.reason ?? '', /^status: /)
})

test('fields of a newer gate are ignored', () => {
  assert.deepEqual(parseLogBatch(line({ tls: 'TLSv1.3' }), NOW).records, [RECORD])
})

test('no text makes the parser throw, and every line is accounted for', () => {
  const lines = fc.array(fc.oneof(fc.constant(line()), fc.string(), fc.json()))
  fc.assert(
    fc.property(lines, (texts) => {
      const text = texts.join('\n')
      const batch = parseLogBatch(text, NOW)
      const counted = text.split('\n').filter((part) => part.trim() !== '').length
      assert.equal(batch.records.length + batch.rejected.length, counted)
    }),
  )
})
