/** Prices and holidays: added for later times, never changed once calls were charged by them. */

import assert from 'node:assert/strict'
import { randomBytes, randomInt } from 'node:crypto'
import type { HolidayView, PriceView } from '#contract/admin.ts'
import type { Page } from '#contract/api.ts'
import { beijingDay, costOf } from '../../worker/src/domain/price.ts'
import { createLogger } from '../../worker/src/log.ts'
import { ADMIN_PRICE_OPERATIONS } from '../../worker/src/routes/admin-prices.ts'
import { createDatabase } from '../../worker/src/stores/mysql.ts'
import { createPrices } from '../../worker/src/stores/prices.ts'
import { signedIn } from '../support/accounts.ts'
import { answered, recordsOf } from '../support/admin.ts'
import type { Client } from '../support/client.ts'
import { assertProblem } from '../support/problem.ts'
import { sqlRun } from '../support/sql.ts'
import { useStack } from '../support/test-stack.ts'

const { stackTest } = useStack()

const PRICES = '/admin/api/prices'
const HOLIDAYS = '/admin/api/holidays'
const DAY_MS = 86_400_000
const TIERS = {
  peak: { hit: '0.04', miss: '2', output: '8.5' },
  off_peak: { hit: '0.02', miss: '1', output: '4.2500' },
}

function newModel(): string {
  return `test-${randomBytes(6).toString('hex')}`
}

function inFuture(ms: number): string {
  return new Date(Date.now() + ms).toISOString()
}

async function add(admin: Client, body: object): Promise<readonly PriceView[]> {
  const answer = await admin.send(PRICES, { body: { ...TIERS, ...body } })
  const added = answered<{ prices: PriceView[] }>(ADMIN_PRICE_OPERATIONS, 'addPrices', answer, 201)
  return added.prices
}

async function listed(admin: Client, query: string): Promise<Page<PriceView>> {
  const answer = await admin.send(`${PRICES}?${query}`)
  return answered(ADMIN_PRICE_OPERATIONS, 'listPrices', answer, 200)
}

function remove(admin: Client, id: string) {
  return admin.send(`${PRICES}/${id}`, { method: 'DELETE' })
}

stackTest('prices stand beside each other, and tell which is in force', async ({ plan }) => {
  const { client: admin } = await signedIn(plan, 'admin')
  const model = newModel()
  const valid_from = inFuture(DAY_MS)
  const now = await add(admin, { model })
  const later = await add(admin, { model, valid_from })
  assert.deepEqual(
    [...now, ...later].map(({ tier, standing, output, currency }) => [
      ...[tier, standing, output, currency],
    ]),
    [
      ['off_peak', 'current', '4.25', 'CNY'],
      ['peak', 'current', '8.5', 'CNY'],
      ['off_peak', 'future', '4.25', 'CNY'],
      ['peak', 'future', '8.5', 'CNY'],
    ],
  )
  assert.ok(later.every((price) => price.valid_from === valid_from))
  await sqlRun(
    plan,
    `INSERT INTO model_prices (model, currency, valid_from, tier, hit, miss, output)
     VALUES (?, 'CNY', '2026-01-01', 'peak', 1, 1, 1)`,
    [model],
  )
  const standings = (page: Page<PriceView>) => page.items.map(({ standing }) => standing)
  const all = await listed(admin, `model=${model}`)
  assert.deepEqual(standings(all), ['past', 'future', 'future', 'current', 'current'])
  for (const standing of ['past', 'current', 'future']) {
    const some = standings(await listed(admin, `model=${model}&standing=${standing}`))
    assert.deepEqual(new Set(some), new Set([standing]))
  }
  const first = await listed(admin, `model=${model}&limit=2`)
  const rest = await listed(admin, `model=${model}&cursor=${first.next}`)
  assert.deepEqual([...first.items, ...rest.items], all.items)
  assert.equal(rest.next, null)
  const shipped = await listed(admin, 'model=deepseek-flash&standing=current')
  assert.deepEqual(
    shipped.items.map(({ tier, hit, miss, output }) => [tier, hit, miss, output]).toSorted(),
    [
      ['off_peak', '0.02', '1', '4'],
      ['peak', '0.04', '2', '8'],
    ],
  )
})

stackTest('a worker charges by a new price within a minute', async ({ plan }) => {
  const { client: admin } = await signedIn(plan, 'admin')
  const model = newModel()
  const db = createDatabase(plan.worker.mysql)
  let now = Date.now()
  try {
    const prices = createPrices(db, createLogger('silent'), () => now)
    const tokens = { promptTokens: 1_000_000, cachedTokens: 0, completionTokens: 0 }
    const charged = async () =>
      costOf(await prices.book(), model, now, { ...tokens, reasoningTokens: 0 })
    assert.equal((await charged()).priced, false)
    await add(admin, { model, off_peak: { ...TIERS.off_peak, miss: '2' } })
    now += 60_000
    assert.deepEqual(await charged(), { cost: '2', currency: 'CNY', priced: true })
  } finally {
    await db.close()
  }
})

stackTest('what is in force, or will be in a moment, stays; the rest can go', async ({ plan }) => {
  const { client: admin } = await signedIn(plan, 'admin')
  const model = newModel()
  const [current] = await add(admin, { model })
  const [soon] = await add(admin, { model, valid_from: inFuture(50_000) })
  const [far] = await add(admin, { model, valid_from: inFuture(DAY_MS) })
  assert.ok(current && soon && far)
  assertProblem(await remove(admin, current.id), 409, 'price_in_force')
  assertProblem(await remove(admin, soon.id), 409, 'price_in_force')
  for (const method of ['PATCH', 'PUT']) {
    const sent = await admin.send(`${PRICES}/${current.id}`, { method, body: { miss: '0' } })
    assertProblem(sent, 405, 'method_not_allowed')
  }
  const removed = await remove(admin, far.id)
  answered(ADMIN_PRICE_OPERATIONS, 'removePrice', removed, 204)
  for (const id of [far.id, '0', 'x', '999999999']) {
    assertProblem(await remove(admin, id), 404, 'not_found')
  }
  const { id: _, standing, ...price } = far
  assert.equal(standing, 'future')
  assert.deepEqual(
    (await recordsOf(admin, 'price', far.id)).map(({ action, before, after }) => ({
      ...{ action, before, after },
    })),
    [
      { action: 'price.remove', before: price, after: null },
      { action: 'price.add', before: null, after: price },
    ],
  )
  assert.equal((await recordsOf(admin, 'price', current.id)).length, 1)
})

stackTest('one instant has one price, whoever adds it', async ({ plan }) => {
  const { client: admin } = await signedIn(plan, 'admin')
  const body = { ...TIERS, model: newModel(), valid_from: inFuture(DAY_MS) }
  const answers = await Promise.all(
    ['CNY', 'USD', 'CNY', 'USD'].map((currency) =>
      admin.send(PRICES, { body: { ...body, currency } }),
    ),
  )
  const statuses = answers.map(({ status }) => status).toSorted()
  assert.deepEqual(statuses, [201, 409, 409, 409])
  assert.equal((await listed(admin, `model=${body.model}`)).items.length, 2)
})

stackTest('what is no price is refused by name', async ({ plan }) => {
  const { client: admin } = await signedIn(plan, 'admin')
  const body = { ...TIERS, model: newModel() }
  const miss = (amount: unknown) => ({ ...body, peak: { ...TIERS.peak, miss: amount } })
  for (const [wrong, field] of [
    [miss('-1'), 'peak.miss'],
    [miss('1e3'), 'peak.miss'],
    [miss('0.00001'), 'peak.miss'],
    [miss('12345678901'), 'peak.miss'],
    [miss(2), 'peak.miss'],
    [miss('1,5'), 'peak.miss'],
    [{ ...body, off_peak: undefined }, 'off_peak'],
    [{ ...body, model: '' }, 'model'],
    [{ ...body, model: 'deepseek-v4-flash' }, 'model'],
    [{ ...body, model: 'deepseek v4' }, 'model'],
    [{ ...body, currency: 'EUR' }, 'currency'],
    [{ ...body, valid_from: '2026-01-01T00:00:00Z' }, 'valid_from'],
    [{ ...body, valid_from: '9999-12-31T23:59:59Z' }, 'valid_from'],
    [{ ...body, valid_from: 'tomorrow' }, 'valid_from'],
    [{ ...body, tier: 'peak' }, 'tier'],
  ] as const) {
    const { errors } = assertProblem(
      await admin.send(PRICES, { body: wrong }),
      400,
      'invalid_request',
    )
    assert.equal(errors?.[0]?.field, field, JSON.stringify(errors))
  }
  assert.deepEqual((await listed(admin, `model=${body.model}`)).items, [])
})

stackTest('holidays to come are added, named anew and removed', async ({ plan }) => {
  const { client: admin } = await signedIn(plan, 'admin')
  const year = String(2100 + randomInt(7000))
  const day = `${year}-10-01`
  const path = `${HOLIDAYS}/${day}`
  const put = async (name: string) => {
    const answer = await admin.send(path, { method: 'PUT', body: { name } })
    assert.deepEqual(answered(ADMIN_PRICE_OPERATIONS, 'putHoliday', answer, 200), { day, name })
  }
  const ofYear = async (of: string, query = '') => {
    const answer = await admin.send(`${HOLIDAYS}?year=${of}${query}`)
    return answered<Page<HolidayView>>(ADMIN_PRICE_OPERATIONS, 'listHolidays', answer, 200)
  }
  await put('国庆')
  await put('国庆节')
  assert.deepEqual((await ofYear(year)).items, [{ day, name: '国庆节' }])
  const gone = await admin.send(path, { method: 'DELETE' })
  answered(ADMIN_PRICE_OPERATIONS, 'removeHoliday', gone, 204)
  assertProblem(await admin.send(path, { method: 'DELETE' }), 404, 'not_found')
  assert.deepEqual((await ofYear(year)).items, [])
  assert.deepEqual(
    (await recordsOf(admin, 'holiday', day)).map(({ before, after }) => [before, after]),
    [
      [{ day, name: '国庆节' }, null],
      [
        { day, name: '国庆' },
        { day, name: '国庆节' },
      ],
      [null, { day, name: '国庆' }],
    ],
  )
  const first = await ofYear('2026', '&limit=20')
  const rest = await ofYear('2026', `&limit=20&cursor=${first.next}`)
  assert.deepEqual([first.items.length, rest.items.length, rest.next], [20, 13, null])
  assert.deepEqual([first.items[0]?.day, rest.items.at(-1)?.day], ['2026-01-01', '2026-10-07'])
})

stackTest('a day that calls were charged by stays as it was', async ({ plan }) => {
  const { client: admin } = await signedIn(plan, 'admin')
  const path = (day: string) => `${HOLIDAYS}/${day}`
  const name = { name: 'x' }
  const over = path('2026-01-01')
  assertProblem(await admin.send(over, { method: 'DELETE' }), 409, 'price_in_force')
  assertProblem(await admin.send(over, { method: 'PUT', body: name }), 409, 'price_in_force')
  for (const wrong of ['2031-02-30', '2031-2-3', 'today', '31-02-03']) {
    const sent = await admin.send(path(wrong), { method: 'PUT', body: name })
    assertProblem(sent, 404, 'not_found')
  }
  const today = beijingDay(Date.now())
  try {
    const put = await admin.send(path(today), { method: 'PUT', body: name })
    assert.equal(put.status, 200, 'somebody forgot to add it')
    assertProblem(await admin.send(path(today), { method: 'DELETE' }), 409, 'price_in_force')
  } finally {
    await sqlRun(plan, "DELETE FROM price_holidays WHERE day = ? AND name = 'x'", [today])
  }
})
