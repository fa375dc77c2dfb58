/**
 * The MySQL pool behind a small interface. Whatever happens to MySQL (refused, frozen, gone in the
 * middle), a caller gets its rows or an error within the time limit: `Failure('storage_unavailable')`
 * when the server cannot be used, the server's own error when the statement is at fault.
 */

import type { PoolConnection, ResultSetHeader } from 'mysql2'
import type { WorkerEnv } from '../env.ts'
import { answerOf, connectTo, unavailable } from './mysql-connections.ts'
import { isUnavailable } from './mysql-errors.ts'

/** What a placeholder may stand for; objects are left out because mysql2 would expand them into SQL. */
export type SqlValue = string | number | bigint | boolean | Date | Buffer | null

/** Values for the `?` of a statement; `IN (?)` takes a list, `VALUES ?` a list of rows. */
export type SqlParams = readonly (
  | SqlValue
  | readonly SqlValue[]
  | readonly (readonly SqlValue[])[]
)[]

export interface StatementOptions {
  /** Upper bound for the statement, waiting for a connection included. Default 2000 ms. */
  readonly timeoutMs?: number
}

export interface ExecuteResult {
  /** Rows that matched, even if the new values equal the old (MySQL's FOUND_ROWS flag is on). */
  readonly affectedRows: number
  /** AUTO_INCREMENT id of the first new row, decimal; '0' if there is none. */
  readonly insertId: string
}

export interface Queries {
  /**
   * Returns the rows of a SELECT. BIGINT (COUNT and SUM included) and DECIMAL come as strings, other
   * integers as numbers, DATETIME as Date; the caller's `Row` type has to say so.
   */
  query<Row>(sql: string, params?: SqlParams, options?: StatementOptions): Promise<Row[]>
  /** Runs a statement that changes data. */
  execute(sql: string, params?: SqlParams, options?: StatementOptions): Promise<ExecuteResult>
}

/** One statement of several that are sent together. */
export interface Statement {
  readonly sql: string
  readonly params?: SqlParams
}

export interface Database extends Queries {
  /**
   * Runs `work` in one transaction: commits what it did if it returns, rolls back if it throws.
   * `Failure('storage_unavailable')` from the commit itself means that the outcome is unknown.
   * @param timeoutMs upper bound of the wait for a connection, and of each statement that sets none
   *   itself, the commit included
   */
  transaction<T>(work: (tx: Queries) => Promise<T>, timeoutMs?: number): Promise<T>
  /**
   * Runs statements that change data as one transaction in one round trip, and returns what each did.
   * What one has to know of another travels in user variables (`SET @id = LAST_INSERT_ID()`), which a
   * statement list has to set before it reads them. Fails as `transaction` does.
   * @param timeoutMs upper bound of it all
   */
  atomically(
    statements: readonly Statement[],
    timeoutMs?: number,
  ): Promise<readonly ExecuteResult[]>
  /** Closes all connections; resolves within a second. */
  close(): Promise<void>
}

const DEFAULT_TIMEOUT_MS = 900

/** Connections of a database: for single statements and transactions, and for batches. */
export interface DatabaseSize {
  readonly single: number
  readonly batch: number
}

/**
 * What requests share, and what works in the background: three workers stay well below the hundred
 * connections that our MySQL takes.
 */
export const FOR_REQUESTS: DatabaseSize = { single: 10, batch: 8 }
export const FOR_BACKGROUND: DatabaseSize = { single: 3, batch: 2 }

/** Returns a database that connects on first use. */
export function createDatabase(settings: WorkerEnv['mysql'], size = FOR_REQUESTS): Database {
  const pool = connectTo(settings, size.single, false)
  // Apart, so that a statement of any other kind can never become two.
  const batches = connectTo(settings, size.batch, true)

  function queriesOn(
    borrow: (deadline: number) => Promise<Borrowed>,
    defaultMs = DEFAULT_TIMEOUT_MS,
  ): Queries {
    async function statement<T>(sql: string, params: SqlParams, options: StatementOptions) {
      const deadline = Date.now() + (options.timeoutMs ?? defaultMs)
      const { connection, giveBack } = await borrow(deadline)
      try {
        return await run<T>(connection, deadline, sql, params)
      } finally {
        giveBack()
      }
    }
    return {
      query: <Row>(sql: string, params: SqlParams = [], options: StatementOptions = {}) =>
        statement<Row[]>(sql, params, options),
      async execute(sql, params = [], options = {}) {
        return resultOf(await statement<ResultSetHeader>(sql, params, options))
      },
    }
  }

  return {
    ...queriesOn(async (deadline) => {
      const connection = await pool.acquire(deadline)
      return { connection, giveBack: () => connection.release() }
    }),

    async transaction(work, timeoutMs) {
      const connection = await pool.acquire(Date.now() + (timeoutMs ?? DEFAULT_TIMEOUT_MS))
      const tx = queriesOn(async () => ({ connection, giveBack: () => {} }), timeoutMs)
      try {
        await tx.execute('START TRANSACTION')
        const result = await work(tx)
        await tx.execute('COMMIT')
        return result
      } catch (error) {
        await rollBack(connection)
        throw error
      } finally {
        connection.release()
      }
    },

    async atomically(statements, timeoutMs = DEFAULT_TIMEOUT_MS) {
      const deadline = Date.now() + timeoutMs
      const connection = await batches.acquire(deadline)
      const sql = ['START TRANSACTION', ...statements.map((one) => one.sql), 'COMMIT'].join(';\n')
      const params = statements.flatMap((one) => one.params ?? [])
      try {
        const results = await run<ResultSetHeader[]>(connection, deadline, sql, params)
        return results.slice(1, -1).map(resultOf)
      } catch (error) {
        await rollBack(connection)
        throw error
      } finally {
        connection.release()
      }
    },

    async close() {
      await Promise.all([pool.close(), batches.close()])
    },
  }
}

/** Runs one text; a connection that failed as such is destroyed and never reused. */
async function run<T>(
  connection: PoolConnection,
  deadline: number,
  sql: string,
  params: SqlParams,
): Promise<T> {
  try {
    // The text protocol: one round trip, and lists expand, which prepared statements cannot do.
    // mysql2 escapes every value by its type; our sql_mode keeps backslash escapes valid.
    return await answerOf<T>(deadline, (done) => {
      connection.query(sql, [...params], (error, result) => done(error, result as T))
    })
  } catch (error) {
    if (!isUnavailable(error)) throw error
    connection.destroy()
    throw unavailable(error)
  }
}

/** On a destroyed connection this fails, and the server rolls back itself. */
async function rollBack(connection: PoolConnection): Promise<void> {
  await run(connection, Date.now() + DEFAULT_TIMEOUT_MS, 'ROLLBACK', []).catch(() => {
    connection.destroy()
  })
}

function resultOf(header: ResultSetHeader): ExecuteResult {
  return { affectedRows: header.affectedRows, insertId: String(header.insertId) }
}

interface Borrowed {
  readonly connection: PoolConnection
  readonly giveBack: () => void
}
