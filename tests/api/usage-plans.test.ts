/**
 * How MySQL answers each kind of question about usage and logs: by which indexes, and how many rows it
 * reads for it. The numbers do not depend on the machine, and hardly on how many rows there are.
 */

import assert from 'node:assert/strict'
import { generateCalls, generateLogs, makeUsers } from '../../bench/usage/generate.ts'
import type { Plan } from '../../scripts/stack/plan.ts'
import type { Database } from '../../worker/src/stores/mysql.ts'
import {
  createProxyLogList,
  LOGS_WINDOW,
  type LogQuery,
} from '../../worker/src/stores/proxy-log-list.ts'
import {
  createUsageRecords,
  RECORDS_WINDOW,
  type UsageQuery,
} from '../../worker/src/stores/usage-records.ts'
import { createUsageStatistics } from '../../worker/src/stores/usage-statistics.ts'
import { createUsageSums } from '../../worker/src/stores/usage-sums.ts'
import { ROOMY } from '../support/own-stack.ts'
import { recordQueries } from '../support/recorded-queries.ts'
import { sealSince } from '../support/sealed-usage.ts'
import { withDatabase } from '../support/settlement.ts'
import { useStack } from '../support/test-stack.ts'

// Its own, where no other test changes what is derived.
const { stackTest } = useStack(ROOMY)

const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS
const DAYS = 40
const ROWS = 50_000
const USERS = 40
const END = Math.floor(Date.now() / DAY_MS) * DAY_MS

/** users.id of somebody who makes many calls. */
let filled: Promise<string> | undefined

function fill(plan: Plan): Promise<string> {
  filled ??= withDatabase(plan, async (db) => {
    const firstUser = await makeUsers(db, USERS, 'plans')
    const amount = { rows: ROWS, days: DAYS, end: END, seed: '7', firstUser, users: USERS }
    await Promise.all([generateCalls(db, amount), generateLogs(db, { ...amount, days: 5 })])
    await sealSince(plan, new Date(END - DAYS * DAY_MS).toISOString().slice(0, 10))
    return String(firstUser)
  })
  return filled
}

/** Asserts that the question is answered by these indexes, and reads at most so many rows. */
async function assertPlan(
  plan: Plan,
  name: string,
  ask: (db: Database) => Promise<unknown>,
  indexes: readonly string[],
  most: number,
): Promise<void> {
  const found = await recordQueries(plan, ask)
  assert.deepEqual(found.indexes, indexes, name)
  assert.ok(
    found.reads > 0 && found.reads <= most,
    `${name}: ${found.reads} rows read, not ${most}`,
  )
}

/** Edges of days, in a zone that is so far ahead of UTC. */
function days(count: number, aheadMs: number): readonly number[] {
  return Array.from({ length: count + 1 }, (_, day) => END - (count - day) * DAY_MS - aheadMs)
}

const SHANGHAI = 8 * HOUR_MS
const KATHMANDU = 5.75 * HOUR_MS
const GROUPS = ['none', 'model', 'key', 'status'] as const

stackTest('a series of one person: their hours, and what is cut off them', async ({ plan }) => {
  const uid = await fill(plan)
  for (const group of GROUPS) {
    const whole = (db: Database) => createUsageSums(db).sums(uid, days(30, SHANGHAI), group)
    await assertPlan(plan, group, whole, ['usage_hourly.PRIMARY'], 13_000)
    const cut = (db: Database) => createUsageSums(db).sums(uid, days(30, KATHMANDU), group)
    const indexes = ['token_usage.token_usage_user', 'usage_hourly.PRIMARY']
    await assertPlan(plan, `${group}, cut`, cut, indexes, 14_000)
  }
})

stackTest('a series of everybody: two rows for each bucket and value', async ({ plan }) => {
  await fill(plan)
  const values = { none: 1, model: 3, key: 3, status: 6 }
  for (const group of GROUPS) {
    const whole = (db: Database) => createUsageSums(db).sums(undefined, days(30, SHANGHAI), group)
    const most = 2 * 31 * (1 + values[group])
    await assertPlan(plan, group, whole, ['usage_running_total.PRIMARY'], most)
    const cut = (db: Database) => createUsageSums(db).sums(undefined, days(30, KATHMANDU), group)
    const indexes = ['token_usage.token_usage_time', 'usage_running_total.PRIMARY']
    // A quarter of an hour of each day.
    await assertPlan(plan, `${group}, cut`, cut, indexes, most + (30 * ROWS) / DAYS / 96 + 1500)
  }
})

stackTest('sums of months and of everything: days, and hours at their edges', async ({ plan }) => {
  const uid = await fill(plan)
  const edges = [
    0,
    ...[62, 31, 14, 7, 1, 0].map((ago) => END - ago * DAY_MS - SHANGHAI),
    END + DAY_MS,
  ]
  const own = (db: Database) => createUsageSums(db).sums(uid, edges, 'none')
  await assertPlan(plan, 'one', own, ['usage_daily.PRIMARY', 'usage_hourly.PRIMARY'], 2500)
  const all = (db: Database) => createUsageSums(db).sums(undefined, edges, 'none')
  const indexes = ['usage_hourly_total.PRIMARY', 'usage_running_total.PRIMARY']
  await assertPlan(plan, 'all', all, indexes, 200)
})

stackTest('statistics: sums of days', async ({ plan }) => {
  await fill(plan)
  const [from = 0, to = 0] = [END - 30 * DAY_MS - SHANGHAI, END - SHANGHAI]
  for (const by of [...GROUPS, 'user'] as const) {
    const ask = (db: Database) =>
      createUsageStatistics(db).statistics({ by, from, to, sort: 'tokens', limit: 20 })
    const indexes =
      by === 'user'
        ? ['usage_daily.usage_daily_day', 'usage_hourly.usage_hourly_hour']
        : ['usage_daily_total.PRIMARY', 'usage_hourly_total.PRIMARY']
    await assertPlan(plan, by, ask, ['parts.ALL', ...indexes], 25_000)
  }
})

const NO_FILTER: UsageQuery = {
  ...{ uid: undefined, from: undefined, to: undefined, model: undefined, ending: undefined },
  ...{ key: undefined, token: undefined, order: 'newest', after: undefined, limit: 50 },
}
/** Rows of a page, and of the two small tables beside it. */
const PAGE = 4 * 51
/** To find the window's end, and to look at what is in it. */
const FILTERED_PAGE = 2 * RECORDS_WINDOW + PAGE

stackTest('pages of calls: a page, or a window if there is a filter', async ({ plan }) => {
  const uid = await fill(plan)
  const middle = { at: new Date(END - 20 * DAY_MS), id: '1' }
  const day = { from: new Date(END - 9 * DAY_MS), to: new Date(END - 8 * DAY_MS) }
  const cases: readonly (readonly [Partial<UsageQuery>, string, number])[] = [
    [{}, 'time', PAGE],
    [{ order: 'oldest' }, 'time', PAGE],
    [{ after: middle }, 'time', PAGE],
    [{ after: middle, order: 'oldest' }, 'time', PAGE],
    [day, 'time', PAGE],
    [{ uid }, 'user', PAGE],
    [{ uid, after: middle }, 'user', PAGE],
    [{ uid, ...day, order: 'oldest' }, 'user', PAGE],
    [{ ending: 'timeout' }, 'ending', PAGE],
    [{ ending: 'timeout', after: middle }, 'ending', PAGE],
    [{ uid, ending: 'timeout' }, 'user', FILTERED_PAGE],
    [{ model: 'there is none' }, 'time', FILTERED_PAGE],
    [{ model: 'deepseek-max', after: middle }, 'time', FILTERED_PAGE],
    [{ key: '3', order: 'oldest' }, 'time', FILTERED_PAGE],
    [{ uid, key: '4', model: 'there is none' }, 'user', FILTERED_PAGE],
    [{ ending: 'done', model: 'there is none' }, 'ending', FILTERED_PAGE],
  ]
  for (const [filter, index, most] of cases) {
    const found = await recordQueries(plan, (db) =>
      createUsageRecords(db).list({ ...NO_FILTER, ...filter }),
    )
    const name = JSON.stringify(filter)
    assert.ok(found.indexes.includes(`u.token_usage_${index}`), `${name}: ${found.indexes}`)
    assert.ok(
      found.indexes.every((one) => !one.endsWith('.ALL')),
      `${name}: ${found.indexes}`,
    )
    assert.ok(found.reads <= most, `${name}: ${found.reads} rows read, not ${most}`)
  }
})

const NO_LOG_FILTER: LogQuery = {
  ...{ from: new Date(END - 30 * DAY_MS), to: new Date(END + DAY_MS), uid: undefined },
  ...{ status: undefined, statusClass: undefined, path: undefined, method: undefined },
  ...{ verdict: undefined, ip: undefined, requestId: undefined },
  ...{ order: 'newest', after: undefined, limit: 50 },
}
const FILTERED_LOGS = 2 * LOGS_WINDOW + PAGE

stackTest('pages of access records: the same', async ({ plan }) => {
  const uid = await fill(plan)
  const middle = { at: new Date(END - 2 * DAY_MS), id: '8'.repeat(32) }
  const cases: readonly (readonly [Partial<LogQuery>, string, number])[] = [
    [{}, 'PRIMARY', PAGE],
    [{ after: middle }, 'PRIMARY', PAGE],
    [{ after: middle, order: 'oldest' }, 'PRIMARY', PAGE],
    [{ uid }, 'proxy_logs_user', PAGE],
    [{ statusClass: 5 }, 'proxy_logs_class', PAGE],
    [{ statusClass: 4, after: middle }, 'proxy_logs_class', PAGE],
    [{ requestId: '0'.repeat(32) }, 'proxy_logs_request', PAGE],
    [{ status: 418 }, 'proxy_logs_class', FILTERED_LOGS],
    [{ uid, statusClass: 5 }, 'proxy_logs_user', FILTERED_LOGS],
    [{ path: '/nowhere' }, 'PRIMARY', FILTERED_LOGS],
    [{ ip: '192.0.2.1', after: middle }, 'PRIMARY', FILTERED_LOGS],
    [{ method: 'PUT', verdict: 'allow' }, 'PRIMARY', FILTERED_LOGS],
  ]
  for (const [filter, index, most] of cases) {
    const found = await recordQueries(plan, (db) =>
      createProxyLogList(db).list({ ...NO_LOG_FILTER, ...filter }),
    )
    const name = JSON.stringify(filter)
    assert.ok(found.indexes.includes(`l.${index}`), `${name}: ${found.indexes}`)
    assert.ok(found.reads <= most, `${name}: ${found.reads} rows read, not ${most}`)
  }
})
