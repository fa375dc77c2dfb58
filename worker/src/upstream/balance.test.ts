import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseBalance } from './balance.ts'

const AT = new Date('2026-11-30T12:00:00Z')
const CNY = {
  currency: 'CNY',
  total_balance: '110.00',
  granted_balance: '10.00',
  topped_up_balance: '100.00',
}

test('amounts stay the strings that they are', () => {
  const text = JSON.stringify({ is_available: true, balance_infos: [CNY] })
  assert.deepEqual(parseBalance(text, AT), {
    is_available: true,
    balance_infos: [CNY],
    checked_at: '2026-11-30T12:00:00.000Z',
  })
})

test('what is no amount is left out, the rest counts', () => {
  const infos = [{ ...CNY, total_balance: 110 }, { ...CNY, currency: 'yuan' }, null, 'x', CNY]
  const text = JSON.stringify({ is_available: false, balance_infos: infos, extra: 1 })
  assert.deepEqual(parseBalance(text, AT)?.balance_infos, [CNY])
  assert.deepEqual(parseBalance('{"is_available":true}', AT)?.balance_infos, [])
})

test('what is no balance is none', () => {
  for (const text of ['', '<html>', '[]', '{}', '{"is_available":"yes"}', 'null']) {
    assert.equal(parseBalance(text, AT), undefined, text)
  }
})
