import assert from 'node:assert/strict'
import { test } from 'node:test'
import { costOf, type PriceBook, type PriceRow, tierAt } from './price.ts'

const NO_HOLIDAYS: ReadonlySet<string> = new Set()

function row(validFrom: string, tier: PriceRow['tier'], hit: string, miss: string, output: string) {
  return {
    model: 'deepseek-flash',
    currency: 'CNY',
    validFrom: Date.parse(validFrom),
    tier,
    hit,
    miss,
    output,
  }
}

const BOOK: PriceBook = {
  rows: [
    row('2026-08-01T00:00:00Z', 'peak', '1', '1', '1'),
    row('2026-09-09T16:00:00Z', 'off_peak', '0.0200', '1.0000', '4.0000'),
    row('2026-09-09T16:00:00Z', 'peak', '0.0400', '2.0000', '8.0000'),
  ],
  aliases: new Map([['deepseek-v4-flash', 'deepseek-flash']]),
  holidays: new Set(['2026-10-01']),
}

const TOKENS = { promptTokens: 87, cachedTokens: 64, completionTokens: 8, reasoningTokens: 7 }

test('peak is 09–12 and 14–18 in Beijing, Monday to Friday, to the millisecond', () => {
  const table: readonly (readonly [string, string])[] = [
    // 2026-11-20 is a Friday; Beijing is eight hours ahead of UTC.
    ['2026-11-20T00:59:59.999Z', 'off_peak'],
    ['2026-11-20T01:00:00.000Z', 'peak'],
    ['2026-11-20T03:59:59.999Z', 'peak'],
    ['2026-11-20T04:00:00.000Z', 'off_peak'],
    ['2026-11-20T05:59:59.999Z', 'off_peak'],
    ['2026-11-20T06:00:00.000Z', 'peak'],
    ['2026-11-20T09:59:59.999Z', 'peak'],
    ['2026-11-20T10:00:00.000Z', 'off_peak'],
    ['2026-11-21T02:00:00.000Z', 'off_peak'],
    ['2026-11-22T02:00:00.000Z', 'off_peak'],
    ['2026-11-23T02:00:00.000Z', 'peak'],
    // Sunday evening in UTC is Monday early morning in Beijing.
    ['2026-11-22T23:00:00.000Z', 'off_peak'],
  ]
  for (const [at, tier] of table) assert.equal(tierAt(Date.parse(at), NO_HOLIDAYS), tier, at)
})

test('a holiday is off-peak by its date in Beijing', () => {
  assert.equal(tierAt(Date.parse('2026-10-01T02:00:00Z'), BOOK.holidays), 'off_peak')
  assert.equal(tierAt(Date.parse('2026-10-02T02:00:00Z'), BOOK.holidays), 'peak')
})

test('the cost is exact: cached, other prompt and completion tokens each have their price', () => {
  // (64 × 0.02 + 23 × 1 + 8 × 4) / 1,000,000
  const offPeak = costOf(BOOK, 'deepseek-flash', Date.parse('2026-11-21T02:00:00Z'), TOKENS)
  assert.deepEqual(offPeak, { cost: '0.00005628', currency: 'CNY', priced: true })
  const peak = costOf(BOOK, 'deepseek-flash', Date.parse('2026-11-20T02:00:00Z'), TOKENS)
  assert.equal(peak.cost, '0.00011256')
})

test('counts beyond the precision of floats stay exact', () => {
  const tokens = { ...TOKENS, promptTokens: 4_294_967_295, cachedTokens: 4_294_967_294 }
  const { cost } = costOf(BOOK, 'deepseek-flash', Date.parse('2026-11-21T02:00:00Z'), tokens)
  assert.equal(cost, '85.89937888')
})

test('more cached tokens than prompt never make a call cheaper than its prompt from the cache', () => {
  const at = Date.parse('2026-11-21T02:00:00Z')
  const odd = { ...TOKENS, promptTokens: 64, cachedTokens: 1000 }
  const most = { ...TOKENS, promptTokens: 64, cachedTokens: 64 }
  assert.deepEqual(
    costOf(BOOK, 'deepseek-flash', at, odd),
    costOf(BOOK, 'deepseek-flash', at, most),
  )
})

test('a call is charged by the price valid when it began', () => {
  const before = Date.parse('2026-09-09T15:59:59.999Z')
  assert.equal(costOf(BOOK, 'deepseek-flash', before, TOKENS).priced, false)
  assert.equal(costOf(BOOK, 'deepseek-flash', before + 1, TOKENS).cost, '0.00005628')
  const oldPeak = Date.parse('2026-09-09T02:00:00Z')
  assert.equal(costOf(BOOK, 'deepseek-flash', oldPeak, TOKENS).cost, '0.000095')
})

test('an alias costs what its model costs, an unknown model costs nothing and says so', () => {
  const at = Date.parse('2026-11-21T02:00:00Z')
  assert.equal(costOf(BOOK, 'deepseek-v4-flash', at, TOKENS).cost, '0.00005628')
  assert.deepEqual(costOf(BOOK, 'gpt-9', at, TOKENS), {
    cost: '0',
    currency: 'CNY',
    priced: false,
  })
})
