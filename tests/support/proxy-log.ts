/** Rows of proxy_logs, which arrive by way of nginx's queue, Redis and the worker. */

import assert from 'node:assert/strict'
import type { Plan } from '../../scripts/stack/plan.ts'
import { Client } from './client.ts'
import { awaitRows, sqlRows } from './sql.ts'

export interface LogRow {
  readonly created_at: Date
  readonly request_id: string
  readonly user_id: string | null
  readonly ip: string
  readonly method: string
  readonly path: string
  readonly protocol: string
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

const BY_ID = 'SELECT * FROM proxy_logs WHERE request_id = ?'

/** Returns the one row of a request, once it is there. */
export async function awaitLog(plan: Plan, requestId: string): Promise<LogRow> {
  const rows = await awaitRows(plan, BY_ID, [requestId])
  assert.equal(rows.length, 1, `rows of request ${requestId}`)
  return rows[0] as unknown as LogRow
}

/** Resolves when everything that nginx logged before this call is in MySQL. */
export async function drainLogs(plan: Plan): Promise<void> {
  const client = new Client(plan)
  const { headers } = await client.send('/login')
  await awaitRows(plan, BY_ID, [String(headers['x-request-id'])])
  client.close()
}

/** Returns all rows of a request, however many; meaningful after drainLogs. */
export async function logsOf(plan: Plan, requestId: string): Promise<readonly LogRow[]> {
  return (await sqlRows(plan, BY_ID, [requestId])) as unknown as readonly LogRow[]
}
