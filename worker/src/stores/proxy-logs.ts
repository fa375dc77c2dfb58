/** Writing of proxy_logs, in batches. */

import type { LogRecord } from '#contract/log-record.ts'
import type { Database, SqlValue } from './mysql.ts'

export interface ProxyLogs {
  /** Stores records; those that are stored already are left as they are. */
  insert(records: readonly LogRecord[]): Promise<void>
}

/** A batch holds up to some hundred rows, and nobody waits for it. */
const INSERT_TIMEOUT_MS = 10_000

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
