/** Days and months of quotas begin and end where they do in the user's zone, in Redis and in MySQL. */

import assert from 'node:assert/strict'
import { randomInt } from 'node:crypto'
import type { Plan } from '../../scripts/stack/plan.ts'
import { createQuotaCalendar } from '../../worker/src/domain/quota-period.ts'
import type { Quota, QuotaOwner } from '../../worker/src/domain/quota-terms.ts'
import type { QuotaAccount } from '../../worker/src/stores/quota-state.ts'
import { createQuotaUsage } from '../../worker/src/stores/quota-usage.ts'
import { createSettlements } from '../../worker/src/stores/settlements.ts'
import { type Account, makeAccount } from '../support/accounts.ts'
import { type QuotaWorld, quotaWorld } from '../support/quota-world.ts'
import {
  addOpenCall,
  endOf,
  newId,
  PATIENT_MS,
  seeWorker,
  withDatabase,
} from '../support/settlement.ts'
import { sqlRun } from '../support/sql.ts'
import { useStack } from '../support/test-stack.ts'

const { stackTest } = useStack()

const MINUTE = 60_000
const DAY: Quota = { unit: 'tokens', period: 'day', amount: 5000n }
const MONTH: Quota = { unit: 'tokens', period: 'month', amount: 8000n }

/** Zone, first instants of a day that is not the first of its month, and of the next month. */
const BORDERS: readonly [string, string, string][] = [
  ['Asia/Shanghai', '2026-11-29T16:00:00Z', '2026-11-30T16:00:00Z'],
  ['Asia/Kathmandu', '2026-02-27T18:15:00Z', '2026-02-28T18:15:00Z'],
  // After a day of 23 hours, and after a month that had a day of 25.
  ['America/New_York', '2026-03-09T04:00:00Z', '2026-04-01T04:00:00Z'],
  ['America/New_York', '2026-11-02T05:00:00Z', '2026-12-01T05:00:00Z'],
]

async function call(world: QuotaWorld, maxTokens: number): Promise<string> {
  const [worker] = world.workers
  assert.ok(worker)
  const id = newId()
  const reserved = await worker.quotas.reserve({
    ...{ requestId: id, uid: world.uid, token: undefined, model: 'm' },
    ...{ promptBytes: 0, maxTokens },
  })
  world.calls.set(id, { id, token: undefined, reserved, used: undefined })
  return id
}

async function end(world: QuotaWorld, id: string, tokens: number): Promise<void> {
  await world.workers[0]?.settle(id, tokens)
}

for (const [timeZone, day, month] of BORDERS) {
  stackTest(`a day ends in ${timeZone} at ${day}, the month at ${month}`, async ({ plan }) => {
    let now = Date.parse(day) - MINUTE
    const world = await quotaWorld(plan, {
      uid: String(1_000_000 + randomInt(1_000_000_000)),
      workers: 1,
      quotas: new Map<QuotaOwner, readonly Quota[]>([['u', [DAY, MONTH]]]),
      now: () => now,
      timeZone,
    })
    try {
      const late = await call(world, 1000)
      await end(world, await call(world, 3000), 3300)
      await assert.rejects(
        call(world, 1000),
        ({ details }: { details: { reset: { at: string } } }) => {
          assert.equal(Date.parse(details.reset.at), Date.parse(day))
          return true
        },
      )
      // The next day: what runs since before and ends now belongs to the day before, and to the month.
      now = Date.parse(day)
      await end(world, late, 1000)
      const id = await call(world, 100_000)
      assert.equal(world.calls.get(id)?.reserved.tokens, 8000 - 4300)
      await end(world, id, 3600)
      await assert.rejects(
        call(world, 1),
        ({ details }: { details: { reset: { at: string } } }) => {
          assert.equal(Date.parse(details.reset.at), Date.parse(month))
          return true
        },
      )
      now = Date.parse(month)
      assert.equal(world.calls.get(await call(world, 100_000))?.reserved.tokens, 5000)
    } finally {
      world.close()
    }
  })
}

/** Adds a settled call that began at an instant, and returns what it used. */
async function settledAt(plan: Plan, account: Account, at: number): Promise<number> {
  const call = await addOpenCall(plan, account, { workerId: 'test#zones', age: 0 })
  await sqlRun(plan, 'UPDATE token_usage SET started_at = ? WHERE request_id = ?', [
    new Date(at).toISOString().replace('Z', '').replace('T', ' '),
    call.id,
  ])
  const promptTokens = randomInt(1, 1000)
  await withDatabase(plan, async (db) => {
    const tokens = { promptTokens, cachedTokens: 0, completionTokens: 10, reasoningTokens: 0 }
    const end = { ...endOf(call, { tokens }), uid: account.id }
    assert.ok(await createSettlements(db).settle(end, PATIENT_MS))
  })
  return promptTokens + 10
}

for (const [timeZone, day, month] of BORDERS) {
  stackTest(`MySQL's sums end there too: ${timeZone} ${day}`, async ({ plan }) => {
    await seeWorker(plan, 'test#zones', 0)
    const account = await makeAccount(plan)
    const spans = createQuotaCalendar()(timeZone, Date.parse(day))
    const times = [day, month].flatMap((border) =>
      [-90, -16, 0, 16, 90].flatMap((minutes) => [
        Date.parse(border) + minutes * MINUTE - 1,
        Date.parse(border) + minutes * MINUTE,
      ]),
    )
    const used: (readonly [number, number])[] = []
    for (const at of times) used.push([at, await settledAt(plan, account, at)])
    const accounts = (['day', 'month'] as const).map((period): QuotaAccount => {
      return { owner: 'u', tag: '', period, ...spans[period] }
    })
    const books = await withDatabase(plan, (db) =>
      createQuotaUsage(db, Date.now).read(account.id, accounts, []),
    )
    for (const { period, start, end, tokens } of books.accounts) {
      const expected = used
        .filter(([at]) => at >= start && at < end)
        .reduce((sum, [, count]) => sum + count, 0)
      assert.equal(Number(tokens), expected, period)
    }
  })
}
