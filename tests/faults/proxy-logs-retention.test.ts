/** The daily partitions of proxy_logs: made ahead, dropped whole when they are old. */

import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import type { Plan } from '../../scripts/stack/plan.ts'
import { createDatabase, type Database } from '../../worker/src/stores/mysql.ts'
import { maintainPartitions } from '../../worker/src/stores/proxy-log-partitions.ts'
import { sqlRows, sqlRun } from '../support/sql.ts'
import { useStack } from '../support/test-stack.ts'

const { stackTest } = useStack({})

const DAY_MS = 86_400_000

/** Midnight (UTC) so many days from today. */
function day(offset: number): number {
  return (Math.floor(Date.now() / DAY_MS) + offset) * DAY_MS
}

function nameOf(at: number): string {
  return `p${new Date(at).toISOString().slice(0, 10).replaceAll('-', '')}`
}

async function partitions(plan: Plan): Promise<readonly string[]> {
  const rows = await sqlRows(
    plan,
    `SELECT PARTITION_NAME AS name FROM information_schema.PARTITIONS
    WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = 'proxy_logs' ORDER BY PARTITION_ORDINAL_POSITION`,
  )
  return rows.map(({ name }) => String(name))
}

/** Stores a row of that time and returns its request id. */
async function store(plan: Plan, at: number): Promise<string> {
  const id = randomBytes(16).toString('hex')
  await sqlRun(
    plan,
    `INSERT INTO proxy_logs (created_at, request_id, ip, method, path, protocol, status, completed,
      duration_ms, bytes_in, bytes_out, verdict, user_agent)
    VALUES (?, ?, '', 'GET', '/old', '', 200, 1, 0, 0, 0, '', 'retention')`,
    [new Date(at).toISOString().slice(0, 23).replace('T', ' '), id],
  )
  return id
}

async function stored(plan: Plan): Promise<readonly string[]> {
  const rows = await sqlRows(
    plan,
    "SELECT request_id FROM proxy_logs WHERE user_agent = 'retention' ORDER BY created_at",
  )
  return rows.map((row) => String(row['request_id']))
}

async function withDatabase<T>(plan: Plan, work: (db: Database) => Promise<T>): Promise<T> {
  const db = createDatabase(plan.worker.mysql)
  try {
    return await work(db)
  } finally {
    await db.close()
  }
}

stackTest('there is a partition for today and each of the next seven days', async ({ plan }) => {
  const wanted = Array.from({ length: 8 }, (_, offset) => nameOf(day(offset)))
  assert.deepEqual(await partitions(plan), [...wanted, 'pmax'])
})

stackTest('days older than thirty are dropped whole, younger ones stay', async ({ plan }) => {
  const noon = DAY_MS / 2
  const today = await store(plan, day(0) + noon)
  const tomorrow = await store(plan, day(1))
  const week = await store(plan, day(7) + DAY_MS - 1)
  assert.deepEqual(await stored(plan), [today, tomorrow, week])
  await withDatabase(plan, async (db) => {
    assert.equal(await maintainPartitions(db, day(30) + noon), 0)
    assert.deepEqual(await stored(plan), [today, tomorrow, week])
    assert.equal(await maintainPartitions(db, day(31)), 0)
    assert.deepEqual(await stored(plan), [tomorrow, week])
    assert.equal(await maintainPartitions(db, day(38)), 0)
    assert.deepEqual(await stored(plan), [])
  })
  const names = await partitions(plan)
  // Days on which nobody looked after the partitions are part of the next one.
  assert.equal(names[0], nameOf(day(30)))
  assert.deepEqual(names.slice(-2), [nameOf(day(45)), 'pmax'])
})

stackTest('rows beyond the last day are told, and get a day in time', async ({ plan }) => {
  const far = await store(plan, day(60))
  await withDatabase(plan, async (db) => {
    assert.equal(await maintainPartitions(db, day(39)), 1)
    assert.equal(await maintainPartitions(db, day(55)), 0)
    assert.deepEqual(await stored(plan), [far])
  })
})

stackTest(
  'workers that look after the partitions at once do not disturb each other',
  async ({ plan }) => {
    const all = Array.from({ length: 4 }, () =>
      withDatabase(plan, (db) => maintainPartitions(db, day(70))),
    )
    await Promise.all(all)
    const names = await partitions(plan)
    assert.equal(new Set(names).size, names.length)
    assert.equal(names.at(-2), nameOf(day(77)))
  },
)
