/** What a call costs, worked out a second time from the price table itself. */

import assert from 'node:assert/strict'
import type { Plan } from '../../scripts/stack/plan.ts'
import { signedIn } from '../support/accounts.ts'
import { only, wholeChat } from '../support/chat.ts'
import { sqlRows } from '../support/sql.ts'
import { useStack } from '../support/test-stack.ts'
import { settledRow, type UsageRow } from '../support/usage-rows.ts'

const { stackTest } = useStack()

const TEN_DECIMALS = 10n ** 10n

/** Returns a decimal text as a whole number of 10^-10. */
function exact(decimal: string): bigint {
  const [whole = '', fraction = ''] = decimal.split('.')
  return BigInt(whole) * TEN_DECIMALS + BigInt(fraction.padEnd(10, '0'))
}

/** DeepSeek's peak hours: Beijing, Monday to Friday, 9 to 12 and 14 to 18, no holidays. */
async function tierAt(plan: Plan, at: Date): Promise<string> {
  const zone = { timeZone: 'Asia/Shanghai' } as const
  const day = new Intl.DateTimeFormat('sv-SE', zone).format(at)
  const holidays = await sqlRows(plan, 'SELECT day FROM price_holidays WHERE day = ?', [day])
  if (holidays.length > 0) return 'off_peak'
  const parts = new Intl.DateTimeFormat('en-GB', { ...zone, weekday: 'short', hour: '2-digit' })
  const { weekday = '', hour = '' } = Object.fromEntries(
    parts.formatToParts(at).map(({ type, value }) => [type, value]),
  )
  const isPeak = ['09', '10', '11', '14', '15', '16', '17'].includes(hour)
  return isPeak && !weekday.startsWith('S') ? 'peak' : 'off_peak'
}

/** Returns the cost of a row in 10^-10 of its currency. */
async function costOf(plan: Plan, row: UsageRow, model: string): Promise<bigint> {
  const [price] = await sqlRows(
    plan,
    `SELECT hit, miss, output, currency FROM model_prices
     WHERE model = ? AND tier = ? AND valid_from <= ? ORDER BY valid_from DESC LIMIT 1`,
    [model, await tierAt(plan, row.started_at), row.started_at.toISOString().slice(0, -1)],
  )
  if (price === undefined) throw new Error(`no price of ${model}`)
  assert.equal(row.currency, price['currency'])
  const sum =
    BigInt(row.cached_tokens) * exact(String(price['hit'])) +
    BigInt(row.prompt_tokens - row.cached_tokens) * exact(String(price['miss'])) +
    BigInt(row.completion_tokens) * exact(String(price['output']))
  assert.equal(sum % 1_000_000n, 0n, 'a price per million leaves no remainder at ten decimals')
  return sum / 1_000_000n
}

for (const model of ['deepseek-flash', 'deepseek-v4-pro']) {
  stackTest(`${model}: the cost is tokens times the price of that time`, async ({ plan }) => {
    const { client } = await signedIn(plan)
    const message = `standin: tokens=1234 reasoning=77 delay=0\n${'A long prompt. '.repeat(300)}`
    const chats = []
    for (let round = 0; round < 2; round++) {
      chats.push(await wholeChat(client, message, { model, thinking: true }))
    }
    for (const { id, events } of chats) {
      const row = await settledRow(plan, id)
      assert.equal(row.completion_tokens, 1311)
      const cost = await costOf(plan, row, model)
      assert.ok(cost > 0n)
      assert.equal(exact(row.cost), cost)
      const usage = only(events, 'usage').data
      assert.equal(exact(String(usage['cost'])), cost)
      assert.equal(usage['currency'], row.currency)
    }
    const again = await settledRow(plan, chats[1]?.id ?? '')
    assert.ok(again.cached_tokens > 0, 'the second prompt was not cached: one price is not tested')
    assert.ok(again.cached_tokens < again.prompt_tokens)
  })
}

stackTest('a model asked for by another name costs what the model costs', async ({ plan }) => {
  const { client } = await signedIn(plan)
  const { id } = await wholeChat(client, 'standin: tokens=10 delay=0', {
    model: 'deepseek-v4-flash',
  })
  const row = await settledRow(plan, id)
  assert.equal(row.model_requested, 'deepseek-v4-flash')
  assert.equal(exact(row.cost), await costOf(plan, row, 'deepseek-flash'))
})

stackTest('the holidays of 2026 are there, as days in Beijing', async ({ plan }) => {
  const rows = await sqlRows(
    plan,
    `SELECT name, COUNT(*) AS days, DATE_FORMAT(MIN(day), '%m-%d') AS first FROM price_holidays
     WHERE YEAR(day) = 2026 GROUP BY name ORDER BY first`,
  )
  assert.deepEqual(
    rows.map(({ name, days, first }) => `${name} ${first} ${days}`),
    [
      '元旦 01-01 3',
      '春节 02-15 9',
      '清明节 04-04 3',
      '劳动节 05-01 5',
      '端午节 06-19 3',
      '中秋节 09-25 3',
      '国庆节 10-01 7',
    ],
  )
})
