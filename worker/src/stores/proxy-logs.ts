/** proxy_logs in MySQL: written in batches, read from new to old. */

import type { ProxyLogView } from '#contract/api.ts'
import type { LogRecord } from '#contract/log-record.ts'
import type { Database, SqlValue } from './mysql.ts'

/** A place in the list of requests, which runs from new to old. */
export interface LogPosition {
  readonly createdAt: Date
  readonly requestId: string
}

export interface LogQuery {
  readonly from: Date
  /** Exclusive. */
  readonly to: Date
  /** One status, or a class of them: 400 with `statusSpan` 100 for all 4xx. */
  readonly status: number | undefined
  readonly statusSpan: number
  /** Beginning of the path. */
  readonly path: string | undefined
  readonly uid: string | undefined
  readonly after: LogPosition | undefined
  readonly limit: number
}

export interface ListedLog {
  readonly position: LogPosition
  readonly view: ProxyLogView
}

export interface ProxyLogs {
  /** Stores records; those that are stored already are left as they are. */
  insert(records: readonly LogRecord[]): Promise<void>
  list(query: LogQuery): Promise<ListedLog[]>
}

/** A batch holds up to some hundred rows, and nobody waits for it. */
const INSERT_TIMEOUT_MS = 10_000
/** A filter that matches little reads the whole range. */
const LIST_TIMEOUT_MS = 5000

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
  readonly upstream_status: number | null
  readonly verdict: string
}

export function createProxyLogs(db: Database): ProxyLogs {
  return {
    async insert(records) {
      if (records.length === 0) return
      // Not INSERT IGNORE, which would also cut what does not fit. One statement is atomic as it is.
      await db.execute(
        `INSERT INTO proxy_logs (created_at, request_id, user_id, ip, method, path, protocol, status,
          completed, duration_ms, bytes_in, bytes_out, upstream_status, upstream_ms, verdict, user_agent)
        VALUES ? ON DUPLICATE KEY UPDATE request_id = proxy_logs.request_id`,
        [records.map(toRow)],
        { timeoutMs: INSERT_TIMEOUT_MS },
      )
    },

    async list({ from, to, status, statusSpan, path, uid, after, limit }) {
      const conditions = ['l.created_at >= ?', 'l.created_at < ?']
      const params: SqlValue[] = [from, to]
      if (status !== undefined) {
        conditions.push('l.status >= ? AND l.status < ?')
        params.push(status, status + statusSpan)
      }
      if (path !== undefined) {
        conditions.push("l.path LIKE ? ESCAPE '|'")
        params.push(`${path.replace(/[|%_]/g, '|$&')}%`)
      }
      if (uid !== undefined) {
        conditions.push('l.user_id = ?')
        params.push(uid)
      }
      if (after !== undefined) {
        conditions.push('l.created_at <= ? AND (l.created_at < ? OR l.request_id < ?)')
        params.push(after.createdAt, after.createdAt, after.requestId)
      }
      const rows = await db.query<LogRow>(
        `SELECT l.created_at, l.request_id, users.username, l.ip, l.method, l.path, l.status,
          l.completed, l.duration_ms, l.upstream_status, l.verdict
        FROM proxy_logs l
        LEFT JOIN users ON users.id = l.user_id
        WHERE ${conditions.join(' AND ')}
        ORDER BY l.created_at DESC, l.request_id DESC
        LIMIT ?`,
        [...params, limit],
        { timeoutMs: LIST_TIMEOUT_MS },
      )
      return rows.map(listed)
    },
  }
}

function toRow(record: LogRecord): SqlValue[] {
  return [
    new Date(record.at),
    record.id,
    record.uid,
    record.ip,
    record.method,
    record.path,
    record.proto,
    record.status,
    record.done,
    record.ms,
    record.in,
    record.out,
    record.up,
    record.upms,
    record.gate,
    record.ua,
  ]
}

function listed({ created_at, completed, ...row }: LogRow): ListedLog {
  return {
    position: { createdAt: created_at, requestId: row.request_id },
    view: { ...row, created_at: created_at.toISOString(), completed: completed === 1 },
  }
}
