/** Lists of single calls, from new to old or from old to new. */

import type { UsageRecord } from '#contract/api.ts'
import { formatDecimal, parseDecimal } from '../domain/decimal.ts'
import { COST_SCALE } from '../domain/price.ts'
import {
  after,
  allOf,
  type Conditions,
  condition,
  type Found,
  findPage,
  type Order,
  type Place,
  sortedBy,
  upTo,
} from './keyset.ts'
import type { Database } from './mysql.ts'
import type { UsageRow } from './usage-columns.ts'

export interface UsageFilter {
  /** Calls of one user only; undefined for everybody's. */
  readonly uid: string | undefined
  readonly from: Date | undefined
  /** Exclusive. */
  readonly to: Date | undefined
  /** The model that answered, or that was asked for if none did. */
  readonly model: string | undefined
  readonly ending: string | undefined
  /** api_keys.id, decimal. */
  readonly key: string | undefined
  /** access_tokens.id, decimal. */
  readonly token: string | undefined
}

export interface UsageQuery extends UsageFilter {
  readonly order: Order
  /** Calls after this one in the list. */
  readonly after: Place | undefined
  readonly limit: number
}

export interface ListedUsage {
  /** When it began, and token_usage.id. */
  readonly place: Place
  readonly record: UsageRecord
}

export interface UsageRecords {
  /**
   * Returns a page of calls, those still open included; one with a filter may be short.
   * @throws {Failure} storage_unavailable
   */
  list(query: UsageQuery): Promise<Found<ListedUsage>>
}

/** So many calls are looked at for a page with a filter. */
export const RECORDS_WINDOW = 5000

const OPTIONS = { timeoutMs: 5000 }
const COLUMNS = ['u.started_at', 'u.id'] as const

interface RecordRow extends Omit<UsageRow, 'usage_state'> {
  readonly id: string
  readonly request_id: string
  readonly started_at: Date
  readonly username: string
  readonly key_alias: string | null
  readonly token_id: string | null
}

export function createUsageRecords(db: Database): UsageRecords {
  async function endOf(query: UsageQuery, index: string, known: Conditions) {
    const [row] = await db.query<{ at: Date; id: string }>(
      `SELECT u.started_at AS at, u.id FROM token_usage u FORCE INDEX (${index})
       WHERE ${known.sql.join(' AND ')} ${sortedBy(COLUMNS, query.order)} LIMIT 1 OFFSET ?`,
      [...known.params, RECORDS_WINDOW - 1],
      OPTIONS,
    )
    return row
  }

  return {
    async list(query) {
      const { order, limit } = query
      const { index, known, filters } = conditionsOf(query)
      const end = filters.sql.length === 0 ? undefined : await endOf(query, index, known)
      const all = allOf(known, end && upTo(COLUMNS, end, order), filters)
      return findPage(limit, end, async (most) => {
        const rows = await db.query<RecordRow>(
          // The order of the tables is given, or MySQL may begin with a small one and sort.
          `SELECT STRAIGHT_JOIN u.id, u.request_id, u.started_at, users.username, u.model_requested,
            u.model, u.ending, u.finish_reason, u.prompt_tokens, u.cached_tokens, u.completion_tokens,
            u.reasoning_tokens, u.estimated, u.cost, u.currency, api_keys.alias AS key_alias,
            u.access_token_id AS token_id, u.first_token_ms, u.duration_ms
          FROM token_usage u FORCE INDEX (${index})
          JOIN users ON users.id = u.user_id
          LEFT JOIN api_keys ON api_keys.id = u.api_key_id
          WHERE ${all.sql.join(' AND ')} ${sortedBy(COLUMNS, order)} LIMIT ?`,
          [...all.params, most],
          OPTIONS,
        )
        return rows.map(listed)
      })
    },
  }
}

/** Returns an index, the conditions that it answers, and those that have to be looked for in the rows. */
function conditionsOf({
  uid,
  from,
  to,
  model,
  ending,
  key,
  token,
  order,
  after: place,
}: UsageQuery) {
  const byUser = uid === undefined ? undefined : condition('u.user_id = ?', uid)
  const byEnding = ending === undefined ? undefined : condition('u.ending = ?', ending)
  const index = byUser ? 'token_usage_user' : byEnding ? 'token_usage_ending' : 'token_usage_time'
  return {
    index,
    known: allOf(
      condition('TRUE'),
      byUser ?? byEnding,
      from && condition('u.started_at >= ?', from),
      to && condition('u.started_at < ?', to),
      place && after(COLUMNS, place, order),
    ),
    filters: allOf(
      byUser && byEnding,
      model === undefined
        ? undefined
        : condition('COALESCE(u.model, u.model_requested) COLLATE utf8mb4_0900_bin = ?', model),
      key === undefined ? undefined : condition('u.api_key_id = ?', key),
      token === undefined ? undefined : condition('u.access_token_id = ?', token),
    ),
  }
}

function listed({ id, started_at, estimated, cost, ...row }: RecordRow): ListedUsage {
  return {
    place: { at: started_at, id },
    record: {
      ...row,
      cost: formatDecimal(parseDecimal(cost, COST_SCALE), COST_SCALE),
      started_at: started_at.toISOString(),
      total_tokens: row.prompt_tokens + row.completion_tokens,
      estimated: estimated === 1,
    },
  }
}
