/** A call is settled once however many try, and the sums are what the calls add up to. */

import assert from 'node:assert/strict'
import { fork } from 'node:child_process'
import { once } from 'node:events'
import type { Plan } from '../../scripts/stack/plan.ts'
import type { Settlement } from '../../worker/src/domain/settlement-record.ts'
import type { Database, ExecuteResult } from '../../worker/src/stores/mysql.ts'
import { createSettlements } from '../../worker/src/stores/settlements.ts'
import { makeAccount } from '../support/accounts.ts'
import {
  addOpenCall,
  addOpenCalls,
  endOf,
  PATIENT_MS,
  withDatabase,
  withSettlementSide,
} from '../support/settlement.ts'
import { sqlRows } from '../support/sql.ts'
import { useStack } from '../support/test-stack.ts'
import { usageRows } from '../support/usage-rows.ts'
import { assertSums } from '../support/usage-sums.ts'

const { stackTest } = useStack()

const PROCESS = new URL('../support/settling-process.ts', import.meta.url)

/** Settles in a process of its own, all at the same time; returns how many it was the first to settle. */
async function settleElsewhere(plan: Plan, ends: readonly Settlement[]): Promise<number> {
  const child = fork(PROCESS, { execArgv: ['--import', 'tsx'] })
  const failed = once(child, 'exit').then(([code]) => {
    throw new Error(`the other process ended with ${code}`)
  })
  child.send({ mysql: plan.worker.mysql, ends })
  const [first] = await Promise.race([once(child, 'message'), failed])
  failed.catch(() => {})
  child.disconnect()
  return Number(first)
}

stackTest('two processes that settle the same calls add each of them once', async ({ plan }) => {
  const account = await makeAccount(plan)
  const calls = await addOpenCalls(plan, account, 30)
  const mine = calls.map((call) => endOf(call))
  const theirs = calls.map((call) => endOf(call, { ending: 'interrupted', content: 'half' }))
  const [one, other] = await Promise.all([
    settleElsewhere(plan, mine),
    settleElsewhere(plan, theirs),
  ])
  assert.equal(one + other, calls.length)
  assert.equal(await assertSums(plan, account), calls.length)
  // The text and the bill are of the same end.
  const pairs = await sqlRows(
    plan,
    `SELECT DISTINCT u.ending, m.content FROM token_usage u
     JOIN messages m ON m.request_id = u.request_id WHERE u.user_id = ? ORDER BY u.ending`,
    [account.id],
  )
  for (const { ending, content } of pairs) {
    assert.equal(content, ending === 'done' ? 'the whole answer' : 'half')
  }
})

stackTest('fifty different ends at once are all in the sums', async ({ plan }) => {
  const account = await makeAccount(plan)
  const calls = await addOpenCalls(plan, account, 50)
  const endings = ['done', 'stopped', 'upstream_error', 'timeout', 'interrupted'] as const
  await withDatabase(plan, async (db) => {
    const { settle } = createSettlements(db)
    const isFirst = await Promise.all(
      calls.map((call, index) =>
        settle(
          endOf(call, {
            ending: endings[index % endings.length] ?? 'done',
            model: index % 3 === 0 ? null : 'DeepSeek-Flash',
            keyId: index % 4 === 0 ? null : String(1 + (index % 2)),
            tokens: {
              promptTokens: 2 ** 32 - 1,
              cachedTokens: index,
              completionTokens: index * 7,
              reasoningTokens: index,
            },
            firstTokenMs: index % 5 === 0 ? null : index * index,
          }),
          PATIENT_MS,
        ),
      ),
    )
    assert.ok(isFirst.every(Boolean))
  })
  assert.equal(await assertSums(plan, account), calls.length)
  const models = await sqlRows(
    plan,
    'SELECT DISTINCT model FROM usage_hourly WHERE user_id = ? ORDER BY model',
    [account.id],
  )
  assert.deepEqual(
    models.map(({ model }) => model),
    ['DeepSeek-Flash', 'deepseek-flash'],
  )
})

stackTest('a settle that meets a deadlock is repeated, and counted once', async ({ plan }) => {
  const account = await makeAccount(plan)
  const [call] = await addOpenCalls(plan, account, 1)
  assert.ok(call !== undefined)
  await withDatabase(plan, async (db) => {
    let attempts = 0
    const deadlocked: Database = {
      ...db,
      atomically(statements, timeoutMs) {
        attempts += 1
        if (attempts > 1) return db.atomically(statements, timeoutMs)
        return db.transaction(async (tx) => {
          const results: ExecuteResult[] = []
          for (const { sql, params } of statements) results.push(await tx.execute(sql, params))
          await provokeDeadlock(plan, db, tx, call)
          return results
        }, timeoutMs)
      },
    }
    assert.equal(await createSettlements(deadlocked).settle(endOf(call), PATIENT_MS), true)
    assert.equal(attempts, 2)
  })
  assert.equal(await assertSums(plan, account), 1)
})

/** Lets MySQL roll back `tx`, which holds the call's row, in favour of another that has written more. */
async function provokeDeadlock(
  plan: Plan,
  db: Database,
  tx: Parameters<Parameters<Database['transaction']>[0]>[0],
  { id, messageId }: { readonly id: string; readonly messageId: string },
): Promise<void> {
  const account = await makeAccount(plan)
  await db.transaction(async (other) => {
    for (let row = 0; row < 50; row += 1) {
      await other.execute(
        `INSERT INTO usage_hourly SELECT ?, '2019-01-01' + INTERVAL ? HOUR, 0, 'x', 'done', 'CNY', 0,
           0, 0, 0, 0, 0, 0, 0`,
        [account.id, row],
      )
    }
    await other.execute('UPDATE users SET epoch = epoch WHERE id = ?', [account.id])
    const waits = other.execute('UPDATE token_usage SET ending = ending WHERE request_id = ?', [id])
    await Promise.all([
      waits,
      tx.execute('UPDATE users SET epoch = epoch WHERE id = ?', [account.id]),
    ])
  })
  throw new Error(`no deadlock over ${messageId}`)
}

stackTest('a worker is there from its first beat to its goodbye', async ({ plan }) => {
  const account = await makeAccount(plan)
  const isThere = async (id: string) => {
    const rows = await sqlRows(plan, 'SELECT 1 FROM workers WHERE id = ?', [id])
    return rows.length === 1
  }
  await withSettlementSide(plan, async ({ workers, prepare }, db, id) => {
    assert.equal(await isThere(id), false)
    await prepare()
    assert.equal(await isThere(id), true)
    const call = await addOpenCall(plan, account, { workerId: id })
    await workers.leave()
    assert.equal(await isThere(id), true, 'its call would be taken for one without a worker')
    await createSettlements(db).settle(endOf(call), PATIENT_MS)
    await workers.leave()
    assert.equal(await isThere(id), false)
  })
})

stackTest('a price that nobody knows shows in the row and in the sums', async ({ plan }) => {
  const account = await makeAccount(plan)
  const [call] = await addOpenCalls(plan, account, 1)
  assert.ok(call !== undefined)
  const cost = { cost: '0', currency: 'CNY', priced: false }
  await withDatabase(plan, (db) =>
    createSettlements(db).settle(endOf(call, { model: 'gpt-9', cost }), PATIENT_MS),
  )
  const [row] = await usageRows(plan, call.id)
  assert.deepEqual([row?.priced, row?.model], [0, 'gpt-9'])
  const [sum] = await sqlRows(plan, 'SELECT unpriced FROM usage_hourly WHERE user_id = ?', [
    account.id,
  ])
  assert.equal(Number(sum?.['unpriced']), 1)
})
