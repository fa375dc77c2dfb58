/** Lists of the requests that the gate has logged, from new to old or from old to new. */

import type { ProxyLogView } from '#contract/api.ts'
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
import type { Database, SqlValue } from './mysql.ts'

export interface LogFilter {
  readonly from: Date
  /** Exclusive. */
  readonly to: Date
  readonly uid: string | undefined
  /** One status: 404. */
  readonly status: number | undefined
  /** All of a hundred: 4. */
  readonly statusClass: number | undefined
  /** Beginning of the path. */
  readonly path: string | undefined
  readonly method: string | undefined
  /** Empty: no gate stands there. */
  readonly verdict: string | undefined
  readonly ip: string | undefined
  readonly requestId: string | undefined
}

export interface LogQuery extends LogFilter {
  readonly order: Order
  /** Requests after this one in the list. */
  readonly after: Place | undefined
  readonly limit: number
}

export interface ListedLog {
  /** When it began, and the request id. */
  readonly place: Place
  readonly view: ProxyLogView
}

export interface ProxyLogList {
  /**
   * Returns a page of requests; one with a filter may be short.
   * @throws {Failure} storage_unavailable
   */
  list(query: LogQuery): Promise<Found<ListedLog>>
}

/** So many requests are looked at for a page with a filter. */
export const LOGS_WINDOW = 5000

const OPTIONS = { timeoutMs: 5000 }
const COLUMNS = ['l.created_at', 'l.request_id'] as const

interface LogRow {
  readonly created_at: Date
  readonly request_id: string
  readonly username: string | null
  readonly ip: string
  readonly method: string
  readonly path: string
  readonly status: number
  readonly completed: 0 | 1
  readonly duration_ms: number
  readonly bytes_in: string
  readonly bytes_out: string
  readonly upstream_status: number | null
  readonly upstream_ms: number | null
  readonly verdict: string
  readonly user_agent: string
}

export function createProxyLogList(db: Database): ProxyLogList {
  async function endOf(query: LogQuery, index: string, known: Conditions) {
    const [row] = await db.query<{ at: Date; id: string }>(
      `SELECT l.created_at AS at, l.request_id AS id FROM proxy_logs l FORCE INDEX (${index})
       WHERE ${known.sql.join(' AND ')} ${sortedBy(COLUMNS, query.order)} LIMIT 1 OFFSET ?`,
      [...known.params, LOGS_WINDOW - 1],
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
        const rows = await db.query<LogRow>(
          // The order of the tables is given, or MySQL may begin with the small one and sort.
          `SELECT STRAIGHT_JOIN l.created_at, l.request_id, users.username, l.ip, l.method, l.path,
            l.status, l.completed, l.duration_ms, l.bytes_in, l.bytes_out, l.upstream_status,
            l.upstream_ms, l.verdict, l.user_agent
          FROM proxy_logs l FORCE INDEX (${index})
          LEFT JOIN users ON users.id = l.user_id
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
function conditionsOf(query: LogQuery) {
  const { from, to, status, statusClass, path, order, after: place } = query
  const klass = statusClass ?? (status === undefined ? undefined : Math.floor(status / 100))
  // The first that is asked for is answered by its index.
  const indexed = [
    ['proxy_logs_request', equal('request_id', query.requestId)],
    ['proxy_logs_user', equal('user_id', query.uid)],
    ['proxy_logs_class', equal('status_class', klass)],
  ] as const
  const [index, byIndex] = indexed.find(([, one]) => one !== undefined) ?? ['PRIMARY', undefined]
  return {
    index,
    known: allOf(
      byIndex,
      condition('l.created_at >= ? AND l.created_at < ?', from, to),
      place && after(COLUMNS, place, order),
    ),
    filters: allOf(
      ...indexed.map(([, one]) => one).filter((one) => one !== byIndex),
      equal('status', status),
      path === undefined
        ? undefined
        : condition("l.path LIKE ? ESCAPE '|'", `${path.replace(/[|%_]/g, '|$&')}%`),
      equal('method', query.method),
      equal('verdict', query.verdict),
      equal('ip', query.ip),
    ),
  }
}

function equal(column: string, value: SqlValue | undefined): Conditions | undefined {
  return value === undefined ? undefined : condition(`l.${column} = ?`, value)
}

function listed({ created_at, completed, bytes_in, bytes_out, ...row }: LogRow): ListedLog {
  return {
    place: { at: created_at, id: row.request_id },
    view: {
      ...row,
      created_at: created_at.toISOString(),
      completed: completed === 1,
      bytes_in: Number(bytes_in),
      bytes_out: Number(bytes_out),
    },
  }
}
