/** The stack's MySQL, as the worker's account sees it. */

import { createConnection, type ResultSetHeader, type RowDataPacket } from 'mysql2/promise'
import type { Plan } from '../../scripts/stack/plan.ts'
import { waitFor } from '../../scripts/stack/readiness.ts'

/** Returns a connection; whoever asks for it ends it. */
export function sqlConnection({ worker }: Plan) {
  const { host, port, ...account } = worker.mysql
  return createConnection({
    ...account,
    ...(host.startsWith('/') ? { socketPath: host } : { host, port }),
    supportBigNumbers: true,
    bigNumberStrings: true,
    timezone: 'Z',
  })
}

/** Returns the rows of a query. */
export async function sqlRows(
  plan: Plan,
  statement: string,
  values: readonly (string | number)[] = [],
): Promise<readonly Record<string, unknown>[]> {
  const connection = await sqlConnection(plan)
  try {
    const [rows] = await connection.execute<RowDataPacket[]>(statement, [...values])
    return rows
  } finally {
    await connection.end()
  }
}

/** Runs a statement that changes something. */
export async function sqlRun(
  plan: Plan,
  statement: string,
  values: readonly (string | number)[] = [],
): Promise<ResultSetHeader> {
  const connection = await sqlConnection(plan)
  try {
    const [result] = await connection.execute<ResultSetHeader>(statement, [...values])
    return result
  } finally {
    await connection.end()
  }
}

/** Returns the rows once there are any: for what arrives by way of the log pipeline. */
export function awaitRows(
  plan: Plan,
  statement: string,
  values: readonly (string | number)[] = [],
  timeoutMs = 10_000,
): Promise<readonly Record<string, unknown>[]> {
  return waitFor(async () => {
    const rows = await sqlRows(plan, statement, values)
    if (rows.length === 0) throw new Error(`no row yet: ${statement}`)
    return rows
  }, timeoutMs)
}
