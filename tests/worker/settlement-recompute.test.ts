/** The comparison of the sums of usage with the calls: it finds, it repairs, it disturbs nobody. */

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { CHECKOUT } from '../../scripts/stack/layout.ts'
import { createSettlements } from '../../worker/src/stores/settlements.ts'
import { recomputeUsage } from '../../worker/src/usage-recompute.ts'
import { makeAccount } from '../support/accounts.ts'
import {
  addOpenCalls,
  endOf,
  PATIENT_MS,
  SILENT,
  withDatabase,
  withSettlementSide,
} from '../support/settlement.ts'
import { sqlRows, sqlRun } from '../support/sql.ts'
import { useStack } from '../support/test-stack.ts'
import { assertSums } from '../support/usage-sums.ts'

const { stackTest } = useStack()

const HOUR_MS = 3_600_000

stackTest('planted drift is found, told and repaired, in an hour of its own', async ({ plan }) => {
  const account = await makeAccount(plan)
  // Long before anything that another test or a nightly comparison looks at.
  const hour = Date.parse('2019-03-07T05:00:00Z') + (Number(account.id) % 8000) * HOUR_MS
  const age = Math.round((Date.now() - hour) / 1000) - 1800
  const calls = await addOpenCalls(plan, account, 3, age)
  await withDatabase(plan, async (db) => {
    const { settle } = createSettlements(db)
    for (const call of calls) await settle(endOf(call), PATIENT_MS)
    const range = { from: hour, to: hour + HOUR_MS, repair: false }
    assert.deepEqual(await recomputeUsage(db, range, SILENT), [])

    const where = 'WHERE user_id = ? AND hour = ?'
    const values = [account.id, new Date(hour).toISOString().slice(0, 19)]
    await sqlRun(
      plan,
      `UPDATE usage_hourly SET requests = requests + 1, cost = cost - 0.5 ${where}`,
      values,
    )
    await sqlRun(
      plan,
      `INSERT INTO usage_hourly_total SELECT hour, 99, model, ending, currency, 7, 1, 0, 0, 10, 0, 0, 0,
         0.25, 5, 5 FROM usage_hourly ${where}`,
      values,
    )
    const drifts = await recomputeUsage(db, range, SILENT)
    assert.deepEqual(
      drifts?.map(({ table, key, missing }) => [
        table,
        key['user_id'] ?? null,
        key['api_key_id'],
        missing['requests'],
        Number(missing['cost']),
      ]),
      [
        ['usage_hourly', account.id, '0', '-1', 0.5],
        ['usage_hourly_total', null, '99', '-1', -0.25],
      ],
    )
    assert.equal((await recomputeUsage(db, { ...range, repair: true }, SILENT))?.length, 2)
    assert.deepEqual(await recomputeUsage(db, range, SILENT), [])
  })
  assert.equal(await assertSums(plan, account), 3)
})

stackTest('once a night the sums of the last days are put right', async ({ plan }) => {
  const account = await makeAccount(plan)
  const [call] = await addOpenCalls(plan, account, 1)
  assert.ok(call !== undefined)
  await withSettlementSide(plan, async (side, db) => {
    await createSettlements(db).settle(endOf(call), PATIENT_MS)
    const plant = () =>
      sqlRun(plan, 'UPDATE usage_hourly SET requests = requests + 5 WHERE user_id = ?', [
        account.id,
      ])
    await plant()
    await sqlRun(
      plan,
      `REPLACE INTO chores (name, done_at)
       VALUES ('usage_recompute', UTC_TIMESTAMP(3) - INTERVAL 2 DAY)`,
    )
    await side.nightly()
    assert.equal(await assertSums(plan, account), 1)
    await plant()
    await side.nightly()
    await assert.rejects(assertSums(plan, account), 'the same night again')
    const repair = { from: Date.now() - HOUR_MS, to: Date.now(), repair: true }
    await recomputeUsage(db, repair, SILENT)
  })
  assert.equal(await assertSums(plan, account), 1)
})

stackTest(
  'comparing and repairing while calls are settled finds and breaks nothing',
  async ({ plan }) => {
    const account = await makeAccount(plan)
    const calls = await addOpenCalls(plan, account, 40)
    await withDatabase(plan, async (db) => {
      const { settle } = createSettlements(db)
      let isOver = false
      const range = { from: Date.now() - 2 * HOUR_MS, to: Date.now(), repair: true }
      const comparing = (async () => {
        const found = []
        while (!isOver) found.push(...((await recomputeUsage(db, range, SILENT)) ?? []))
        return found
      })()
      for (let at = 0; at < calls.length; at += 4) {
        await Promise.all(calls.slice(at, at + 4).map((call) => settle(endOf(call), PATIENT_MS)))
      }
      isOver = true
      const own = (await comparing).filter(({ key }) => key['user_id'] === account.id)
      assert.deepEqual(own, [])
    })
    assert.equal(await assertSums(plan, account), calls.length)
  },
)

stackTest('the questions in docs/accounting.md can be asked', async ({ plan }) => {
  const blocks = readFileSync(join(CHECKOUT, 'docs/accounting.md'), 'utf8').matchAll(
    /^```sql\n(.*?)^```$/gms,
  )
  const questions = [...blocks]
    .flatMap(([, block = '']) => block.split(/;\n/))
    .filter((statement) => statement.startsWith('SELECT'))
  const [sums, open] = await Promise.all(questions.map((question) => sqlRows(plan, question)))
  assert.equal(questions.length, 3)
  assert.deepEqual(
    sums?.map(({ what }) => what),
    ['calls', 'usage_hourly', 'usage_hourly_total'],
  )
  assert.ok(Array.isArray(open))
})
