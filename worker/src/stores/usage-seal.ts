/**
 * Sums derived from the hourly ones, for the hours [since, until) in which nothing changes any more: no call
 * that began in them is open, and none will begin. So settling has nothing to do with them, and what is
 * wrong with them is put right by making them anew.
 */

import { addUsage, NO_USAGE, type UsageSum } from '../domain/usage-sum.ts'
import type { Database, Queries, SqlValue } from './mysql.ts'
import { HAS_FAILED, SUM_NAMES, type SumRow, sumOf, sumValues } from './usage-sum-rows.ts'

export interface UsageSeal {
  /** Derives the sums of one more day, or of what is over of it; returns false if nothing was to do. */
  advance(): Promise<boolean>
}

const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS
/** How late a call's row may be written, by a worker whose clock is wrong at worst. */
const GRACE_MINUTES = 15
/** Nobody waits for it. */
const TIMEOUT = { timeoutMs: 30_000 }
const INSERTED_AT_ONCE = 1000

/** What the derived sums hold: [since, until), Unix ms. */
export interface Sealed {
  readonly since: number
  readonly until: number
}

export function createUsageSeal(db: Database): UsageSeal {
  return {
    advance: () =>
      db.transaction(async (tx) => {
        const seal = await seen(tx, 'FOR UPDATE SKIP LOCKED')
        // Another worker is at it.
        if (seal === undefined) return false
        const from = seal.until
        const final = await finalUntil(tx)
        // A call that is open in there was begun by a clock that is wrong.
        if (final < from) await lowerSeal(tx, final, from)
        const to = Math.min(final, floorDay(from) + DAY_MS)
        if (to <= from) return false
        await addRunning(tx, from, to)
        if (to % DAY_MS === 0) await addDay(tx, new Date(to - DAY_MS))
        await setUntil(tx, to)
        return true
      }),
  }
}

/**
 * Has the sums of days anew that hold hours of [from, to) (Unix ms), because these hours have changed. To
 * be part of the transaction that changes them, or to follow it.
 */
export async function lowerSeal(tx: Queries, from: number, to: number): Promise<void> {
  const seal = await seen(tx, 'FOR UPDATE')
  if (seal === undefined || to <= seal.since) return
  const until = Math.max(floorDay(from), seal.since)
  if (until >= seal.until) return
  await tx.execute(
    "DELETE FROM usage_running_total WHERE kind IN ('none', 'model', 'key', 'status') AND hour > ?",
    [new Date(until)],
    TIMEOUT,
  )
  for (const table of ['usage_daily', 'usage_daily_total']) {
    await tx.execute(`DELETE FROM ${table} WHERE day >= ?`, [new Date(until)], TIMEOUT)
  }
  await setUntil(tx, until)
}

/** Returns what is sealed in the snapshot of a transaction. */
export async function readSeal(tx: Queries): Promise<Sealed> {
  return (await seen(tx)) ?? { since: 0, until: 0 }
}

async function seen(tx: Queries, lock = ''): Promise<Sealed | undefined> {
  const [seal] = await tx.query<Record<keyof Sealed, Date>>(
    `SELECT since, until FROM usage_seal WHERE id = 1 ${lock}`,
    [],
    TIMEOUT,
  )
  return seal && { since: seal.since.getTime(), until: seal.until.getTime() }
}

async function setUntil(tx: Queries, until: number): Promise<void> {
  await tx.execute('UPDATE usage_seal SET until = ? WHERE id = 1', [new Date(until)])
}

/** Returns the end (Unix ms) of the last hour in which nothing changes any more. */
async function finalUntil(tx: Queries): Promise<number> {
  const [row] = await tx.query<{ final: Date }>(
    `SELECT LEAST(NOW(3) - INTERVAL ? MINUTE,
       COALESCE((SELECT MIN(started_at) FROM token_usage WHERE state = 'open'), NOW(3))) AS final`,
    [GRACE_MINUTES],
  )
  return row === undefined ? 0 : Math.floor(row.final.getTime() / HOUR_MS) * HOUR_MS
}

const SUMMED = SUM_NAMES.split(', ')
  .map((name) => `SUM(${name}) AS ${name}`)
  .join(', ')

interface HourRow extends SumRow {
  readonly hour: Date
  readonly api_key_id: string
  readonly model: string
  readonly ending: string
  readonly currency: string
}

interface RunningRow extends SumRow {
  readonly kind: string
  readonly value: string
  readonly currency: string
}

/** Continues the running sums by hours of one day. @param to Unix ms, like `from` */
async function addRunning(tx: Queries, from: number, to: number): Promise<void> {
  const before = await tx.query<RunningRow>(
    `SELECT kind, value, currency, ${SUM_NAMES} FROM usage_running_total
     WHERE kind IN ('none', 'model', 'key', 'status') AND hour = ?`,
    [new Date(from)],
    TIMEOUT,
  )
  const hours = await tx.query<HourRow>(
    `SELECT hour, api_key_id, model, ending, currency, ${SUMMED}
     FROM usage_hourly_total WHERE hour >= ? AND hour < ?
     GROUP BY hour, api_key_id, model, ending, currency`,
    [new Date(from), new Date(to)],
    TIMEOUT,
  )
  /** By kind, value and currency, as JSON. */
  const running = new Map<string, UsageSum>()
  const add = (key: readonly string[], sum: UsageSum) => {
    const text = JSON.stringify(key)
    running.set(text, addUsage(running.get(text) ?? NO_USAGE, sum))
  }
  for (const row of before) add([row.kind, row.value, row.currency], sumOf(row))
  const rows: SqlValue[][] = []
  for (let hour = from; hour < to; hour += HOUR_MS) {
    for (const row of hours.filter((one) => one.hour.getTime() === hour)) {
      const sum = sumOf(row)
      add(['none', '', row.currency], sum)
      add(['model', row.model, row.currency], sum)
      add(['key', row.api_key_id, row.currency], sum)
      add(['status', row.ending, row.currency], sum)
    }
    for (const [text, sum] of running) {
      const key: string[] = JSON.parse(text)
      rows.push([...key, new Date(hour + HOUR_MS), ...sumValues(sum)])
    }
  }
  await insert(tx, `usage_running_total (kind, value, currency, hour, ${SUM_NAMES})`, rows)
}

/** Adds a whole day to the daily sums. */
async function addDay(tx: Queries, day: Date): Promise<void> {
  const hours = [day, new Date(day.getTime() + DAY_MS)]
  await copy(
    tx,
    `usage_daily (user_id, day, currency, failed, estimated, ${SUM_NAMES})`,
    `SELECT user_id, DATE(MIN(hour)) AS day, currency,
       SUM(IF(${HAS_FAILED}, requests, 0)) AS failed, SUM(estimated) AS estimated, ${SUMMED}
     FROM usage_hourly WHERE hour >= ? AND hour < ? GROUP BY user_id, currency`,
    hours,
  )
  const key = 'api_key_id, model, ending, currency, first_token_bucket'
  await copy(
    tx,
    `usage_daily_total (${key}, day, estimated, duration_ms, ${SUM_NAMES})`,
    `SELECT ${key}, DATE(MIN(hour)) AS day, SUM(estimated) AS estimated,
       SUM(duration_ms) AS duration_ms, ${SUMMED}
     FROM usage_hourly_total WHERE hour >= ? AND hour < ? GROUP BY ${key}`,
    hours,
  )
}

/**
 * Not INSERT … SELECT, which would lock what it reads, up to the first row of the hour that is being
 * settled right now.
 */
async function copy(
  tx: Queries,
  into: string,
  select: string,
  params: readonly Date[],
): Promise<void> {
  const rows = await tx.query<Record<string, SqlValue>>(select, params, TIMEOUT)
  await insert(tx, into, rows.map(Object.values))
}

async function insert(tx: Queries, into: string, rows: readonly SqlValue[][]): Promise<void> {
  for (let at = 0; at < rows.length; at += INSERTED_AT_ONCE) {
    const some = rows.slice(at, at + INSERTED_AT_ONCE)
    await tx.execute(`INSERT INTO ${into} VALUES ?`, [some], TIMEOUT)
  }
}

function floorDay(instant: number): number {
  return Math.floor(instant / DAY_MS) * DAY_MS
}
