import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createNumberFormats } from './counts.ts'
import { createDurationFormat, createTimeFormats } from './times.ts'

const en = createNumberFormats('en')
const zh = createNumberFormats('zh-CN')

test('counts are grouped, and short ones are shortened from a million on', () => {
  assert.equal(en.count(1234567), '1,234,567')
  assert.equal(en.shortCount(999_999), '999,999')
  assert.equal(en.shortCount(12_345_678), '12.35M')
  assert.equal(zh.shortCount(12_345_678), '1234.57万')
  assert.equal(en.shortCount(0), '0')
})

test('money keeps what matters of small amounts', () => {
  assert.equal(zh.money('0.0031000000', 'CNY'), '¥0.0031')
  assert.equal(en.money('0.0031000000', 'CNY'), '¥0.0031')
  assert.equal(en.money('0.031', 'CNY'), '¥0.0310')
  assert.equal(en.money('0', 'CNY'), '¥0.00')
  assert.equal(en.money('12.345678', 'CNY'), '¥12.35')
  assert.equal(en.money('90071992547409931.01', 'CNY'), '¥90,071,992,547,409,931.01')
  assert.equal(en.money('1234.5', 'USD'), '$1,234.50')
  assert.equal(en.money('not a number', 'CNY'), 'not a number')
})

test('durations change their unit', () => {
  const duration = createDurationFormat('en')
  assert.equal(duration(0), '0ms')
  assert.equal(duration(85.4), '85ms')
  assert.equal(duration(812), '0.8s')
  assert.equal(duration(9_949), '9.9s')
  assert.equal(duration(9_960), '10s')
  assert.equal(duration(59_600), '1m 0s')
  assert.equal(duration(72_000), '1m 12s')
  assert.equal(createDurationFormat('zh-CN')(812), '0.8秒')
})

test('times are told in the given zone', () => {
  const iso = '2026-11-03T16:30:05.000Z'
  assert.equal(createTimeFormats('zh-CN', 'Asia/Shanghai').dateTime(iso), '2026/11/04 00:30:05')
  assert.equal(createTimeFormats('zh-CN', 'UTC').dateTime(iso), '2026/11/03 16:30:05')
  assert.equal(createTimeFormats('en', 'UTC').dateTime(iso), 'Nov 3, 2026, 16:30:05')
  assert.equal(createTimeFormats('en', 'Asia/Shanghai').timeOfDay(Date.parse(iso)), '00:30:05')
})

test('an unknown zone becomes UTC', () => {
  assert.equal(createTimeFormats('en', 'Mars/Olympus').timeOfDay(0), '00:00:00')
})
