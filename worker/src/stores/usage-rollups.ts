/**
 * The sums of usage by the hour. Both what a settle adds and what the rows should add up to come from the
 * same expressions over token_usage, so they cannot disagree about what belongs where.
 */

import type { Queries, SqlValue, Statement } from './mysql.ts'

interface Rollup {
  readonly table: string
  /** Expressions over a row of token_usage by column of the rollup's primary key. */
  readonly keys: Readonly<Record<string, string>>
  /** What the row adds to the other columns. */
  readonly sums: Readonly<Record<string, string>>
}

const HOUR = "CAST(DATE_FORMAT(started_at, '%Y-%m-%d %H:00:00') AS DATETIME)"

const KEYS = {
  hour: HOUR,
  api_key_id: 'COALESCE(api_key_id, 0)',
  model: 'COALESCE(model, model_requested) COLLATE utf8mb4_0900_bin',
  ending: 'ending',
  currency: 'currency',
}

const SUMS = {
  requests: '1',
  estimated: 'estimated',
  unpriced: 'NOT priced',
  prompt_tokens: 'CAST(prompt_tokens AS SIGNED)',
  cached_tokens: 'CAST(cached_tokens AS SIGNED)',
  completion_tokens: 'CAST(completion_tokens AS SIGNED)',
  reasoning_tokens: 'CAST(reasoning_tokens AS SIGNED)',
  cost: 'cost',
}

/** In the order in which a settle adds to them: the row that everybody wants comes last. */
const ROLLUPS: readonly Rollup[] = [
  { table: 'usage_hourly', keys: { user_id: 'user_id', ...KEYS }, sums: SUMS },
  {
    table: 'usage_hourly_total',
    keys: {
      ...KEYS,
      first_token_bucket: 'CAST(COALESCE(1 + FLOOR(4 * LOG2(first_token_ms + 1)), 0) AS UNSIGNED)',
    },
    sums: {
      ...SUMS,
      first_token_ms: 'CAST(COALESCE(first_token_ms, 0) AS SIGNED)',
      duration_ms: 'CAST(COALESCE(duration_ms, 0) AS SIGNED)',
    },
  },
]

/** A row of a rollup that is not what the calls add up to. */
export interface UsageDrift {
  readonly table: string
  /** Columns of the row's key. */
  readonly key: Readonly<Record<string, SqlValue>>
  /** What is missing in each sum; negative where there is too much. Decimal text. */
  readonly missing: Readonly<Record<string, string>>
}

/** Adds those of the calls that are in `@settled`: the others are in the sums already. */
export function addToRollups(requestIds: readonly string[]): readonly Statement[] {
  return ROLLUPS.map((rollup) => {
    const keys = Object.keys(rollup.keys)
    const sums = Object.keys(rollup.sums).map((name) => `SUM(${name}) AS ${name}`)
    // In the order of the key: two workers that add to the same rows then wait for each other in turn.
    return {
      sql: `INSERT INTO ${rollup.table} (${columnsOf(rollup)})
      SELECT * FROM (
        SELECT ${[...keys, ...sums]} FROM (
          SELECT ${selectionOf(rollup)} FROM token_usage
          WHERE request_id IN (?) AND FIND_IN_SET(request_id, @settled)
        ) AS calls
        GROUP BY ${keys} ORDER BY ${keys}
      ) AS added
      ${addingTo(rollup)}`,
      params: [requestIds],
    }
  })
}

const COMPARE_TIMEOUT_MS = 60_000

/**
 * Returns where rollups and settled calls that began in [from, to) differ. One statement reads both
 * sides in one snapshot, and a settle commits both sides together, so calls that are settled meanwhile
 * make no difference and wait for nothing.
 * @param to both are whole hours
 */
export async function findDrift(db: Queries, from: Date, to: Date): Promise<readonly UsageDrift[]> {
  const found: UsageDrift[] = []
  for (const rollup of ROLLUPS) {
    const keys = Object.keys(rollup.keys)
    const sums = Object.keys(rollup.sums)
    const rows = await db.query<Record<string, SqlValue>>(
      `SELECT ${keys.join(', ')}, ${sums.map((name) => `SUM(${name}) AS ${name}`).join(', ')}
       FROM (
         SELECT ${selectionOf(rollup)} FROM token_usage
         WHERE state = 'settled' AND started_at >= ? AND started_at < ?
         UNION ALL
         SELECT ${keys.join(', ')}, ${sums.map((name) => `-${name}`).join(', ')}
         FROM ${rollup.table} WHERE hour >= ? AND hour < ?
       ) AS sides
       GROUP BY ${keys.join(', ')}
       HAVING ${sums.map((name) => `SUM(${name}) <> 0`).join(' OR ')}`,
      [from, to, from, to],
      { timeoutMs: COMPARE_TIMEOUT_MS },
    )
    for (const row of rows) {
      found.push({
        table: rollup.table,
        key: Object.fromEntries(keys.map((name) => [name, row[name] ?? null])),
        missing: Object.fromEntries(sums.map((name) => [name, String(row[name])])),
      })
    }
  }
  return found
}

/**
 * Adds what is missing. It adds instead of setting, so that a call settled since the comparison stays
 * counted. Two that repair at the same time would add twice.
 */
export async function repairDrift(db: Queries, drifts: readonly UsageDrift[]): Promise<void> {
  for (const rollup of ROLLUPS) {
    const rows = drifts
      .filter(({ table }) => table === rollup.table)
      .map(({ key, missing }) => [...Object.values(key), ...Object.values(missing)])
    if (rows.length === 0) continue
    await db.execute(
      `INSERT INTO ${rollup.table} (${columnsOf(rollup)})
       SELECT * FROM (VALUES ${rows.map(() => `ROW(${rows[0]?.map(() => '?').join(', ')})`).join(', ')})
         AS added (${columnsOf(rollup)})
       ${addingTo(rollup)}`,
      rows.flat(),
    )
  }
}

function columnsOf({ keys, sums }: Rollup): string {
  return [...Object.keys(keys), ...Object.keys(sums)].join(', ')
}

function selectionOf({ keys, sums }: Rollup): string {
  return Object.entries({ ...keys, ...sums })
    .map(([name, expression]) => `${expression} AS ${name}`)
    .join(', ')
}

function addingTo({ table, sums }: Rollup): string {
  const sets = Object.keys(sums).map((name) => `${name} = ${table}.${name} + added.${name}`)
  return `ON DUPLICATE KEY UPDATE ${sets.join(', ')}`
}
