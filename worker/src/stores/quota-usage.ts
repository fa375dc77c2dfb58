/** What quotas have come to by MySQL, which is the truth: the sums by the hour, and the open calls. */

import { parseDecimal } from '../domain/decimal.ts'
import { COST_SCALE, DEFAULT_CURRENCY } from '../domain/price.ts'
import type { Database, Queries, SqlValue, Statement } from './mysql.ts'
import type { Hold, QuotaAccount, QuotaBooks, UsedAccount } from './quota-state.ts'

export interface QuotaUsage {
  /**
   * Returns what was used of a user's accounts, which calls are open, and which of `calls` are settled: all
   * of it at one moment.
   * @throws {Failure} storage_unavailable
   */
  read(
    uid: string,
    accounts: readonly QuotaAccount[],
    calls: readonly string[],
  ): Promise<QuotaBooks>
}

const HOUR_MS = 3_600_000

/** Of an open call that began longer ago nothing is reserved any more: nobody can be running it. */
const OPEN_MS = 24 * HOUR_MS

/** A month of a program with many calls may take a while; nobody has to wait for it twice. */
const READ_TIMEOUT_MS = 3000

const SUMS = `CAST(COALESCE(SUM(prompt_tokens + completion_tokens), 0) AS CHAR) AS tokens,
  CAST(COALESCE(SUM(IF(currency = '${DEFAULT_CURRENCY}', cost, 0)), 0) AS CHAR) AS money`

interface SumRow {
  readonly account: string
  readonly tokens: string
  readonly money: string
}

interface OpenRow {
  readonly id: string
  readonly token: string | null
  readonly started_at: Date
  readonly tokens: number
  readonly money: string
}

/** @param now Unix milliseconds */
export function createQuotaUsage(db: Database, now: () => number): QuotaUsage {
  return {
    read: (uid, accounts, calls) =>
      // One transaction, one snapshot (REPEATABLE READ).
      db.transaction(async (tx) => {
        const used = await readSums(tx, uid, accounts)
        const open = await readOpen(tx, uid, new Date(now() - OPEN_MS))
        const settled =
          calls.length === 0
            ? []
            : await tx.query<{ id: string }>(
                `SELECT request_id AS id FROM token_usage
                 WHERE request_id IN (?) AND state = 'settled'`,
                [calls],
              )
        return { accounts: used, open, settled: settled.map(({ id }) => id) }
      }, READ_TIMEOUT_MS),
  }
}

async function readSums(
  tx: Queries,
  uid: string,
  accounts: readonly QuotaAccount[],
): Promise<readonly UsedAccount[]> {
  if (accounts.length === 0) return []
  const parts = accounts.flatMap((account, index) => partsOf(uid, account, index))
  const rows = await tx.query<SumRow>(
    parts.map(({ sql }) => sql).join('\nUNION ALL\n'),
    parts.flatMap(({ params }) => params ?? []),
  )
  return accounts.map((account, index) => {
    const own = rows.filter((row) => Number(row.account) === index)
    return {
      ...account,
      tokens: own.reduce((sum, { tokens }) => sum + BigInt(tokens), 0n),
      money: own.reduce((sum, { money }) => sum + parseDecimal(money, COST_SCALE), 0n),
    }
  })
}

/** A user's whole hours come from the sums, cut ones (zones with half hours) and a token's from the calls. */
function partsOf(
  uid: string,
  { owner, start, end }: QuotaAccount,
  index: number,
): readonly Statement[] {
  const calls = (from: number, to: number): Statement => ({
    sql: `SELECT ${index} AS account, ${SUMS} FROM token_usage
      WHERE state = 'settled' AND user_id = ? AND started_at >= ? AND started_at < ?`,
    params: [uid, new Date(from), new Date(to)],
  })
  if (owner !== 'u') {
    const { sql, params } = calls(start, end)
    return [{ sql: `${sql} AND access_token_id = ?`, params: [...(params ?? []), owner.slice(1)] }]
  }
  const [first, last] = [Math.ceil(start / HOUR_MS) * HOUR_MS, Math.floor(end / HOUR_MS) * HOUR_MS]
  const hours: readonly SqlValue[] = [uid, new Date(first), new Date(last)]
  return [
    {
      sql: `SELECT ${index} AS account, ${SUMS} FROM usage_hourly
        WHERE user_id = ? AND hour >= ? AND hour < ?`,
      params: hours,
    },
    ...(start < first ? [calls(start, first)] : []),
    ...(last < end ? [calls(last, end)] : []),
  ]
}

async function readOpen(tx: Queries, uid: string, since: Date): Promise<readonly Hold[]> {
  const rows = await tx.query<OpenRow>(
    `SELECT request_id AS id, access_token_id AS token, started_at, held_tokens AS tokens,
       reserved_cost AS money
     FROM token_usage
     WHERE state = 'open' AND user_id = ? AND started_at >= ?
       AND (held_tokens > 0 OR reserved_cost > 0)`,
    [uid, since],
  )
  return rows.map(({ id, token, started_at, tokens, money }) => ({
    id,
    token: token ?? undefined,
    at: started_at.getTime(),
    tokens: BigInt(tokens),
    money: parseDecimal(money, COST_SCALE),
  }))
}
