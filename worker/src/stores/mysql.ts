/**
 * The MySQL pool behind a small interface. Whatever happens to MySQL (refused, frozen, gone in the
 * middle), a caller gets its rows or an error within the time limit: `Failure('storage_unavailable')`
 * when the server cannot be used, the server's own error when the statement is at fault.
 */

import { createPool, type PoolConnection, type ResultSetHeader } from 'mysql2/promise'
import type { WorkerEnv } from '../env.ts'
import { Failure } from '../failure.ts'
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

export interface Database extends Queries {
  /**
   * Runs `work` in one transaction: commits what it did if it returns, rolls back if it throws.
   * `Failure('storage_unavailable')` from the commit itself means that the outcome is unknown.
   */
  transaction<T>(work: (tx: Queries) => Promise<T>): Promise<T>
  /** Closes all connections; resolves within a second. */
  close(): Promise<void>
}

const DEFAULT_TIMEOUT_MS = 900
const CONNECT_TIMEOUT_MS = 800
const CONNECTION_LIMIT = 10
const QUEUE_LIMIT = 200

/**
 * Every session computes in UTC and refuses what does not fit instead of cutting it. Locks are not
 * waited for much longer than callers wait, else abandoned statements would pile up in the server.
 */
const SESSION_SETUP = `SET SESSION time_zone = '+00:00', sql_mode = 'TRADITIONAL,ONLY_FULL_GROUP_BY',
  innodb_lock_wait_timeout = 2, lock_wait_timeout = 10`

/** Returns a database that connects on first use. */
export function createDatabase(settings: WorkerEnv['mysql']): Database {
  const pool = createPool({
    ...(settings.host.startsWith('/')
      ? { socketPath: settings.host }
      : { host: settings.host, port: settings.port }),
    user: settings.user,
    password: settings.password,
    database: settings.database,
    charset: 'UTF8MB4_0900_AI_CI',
    timezone: 'Z',
    dateStrings: false,
    decimalNumbers: false,
    supportBigNumbers: true,
    bigNumberStrings: true,
    connectTimeout: CONNECT_TIMEOUT_MS,
    connectionLimit: CONNECTION_LIMIT,
    queueLimit: QUEUE_LIMIT,
    enableKeepAlive: true,
  })
  /** Connections whose session is set up; weak, because the pool replaces them as it likes. */
  const ready = new WeakSet<object>()

  async function acquire(deadline: number): Promise<PoolConnection> {
    const pending = pool.getConnection()
    let connection: PoolConnection
    try {
      connection = await within(deadline, pending)
    } catch (cause) {
      // The pool cannot forget a waiting caller, so a connection that comes too late is given back.
      pending.then(
        (late) => late.release(),
        () => {},
      )
      throw unavailable(cause)
    }
    if (ready.has(connection.connection)) return connection
    try {
      await within(deadline, connection.query(SESSION_SETUP))
    } catch (cause) {
      connection.destroy()
      throw unavailable(cause)
    }
    ready.add(connection.connection)
    return connection
  }

  /** Runs one statement; a connection that failed as such is destroyed and never reused. */
  async function run<T>(
    connection: PoolConnection,
    deadline: number,
    sql: string,
    params: SqlParams,
  ) {
    try {
      // The text protocol: one round trip, and lists expand, which prepared statements cannot do.
      // mysql2 escapes every value by its type; our sql_mode keeps backslash escapes valid.
      const [result] = await within(deadline, connection.query(sql, [...params]))
      return result as T
    } catch (error) {
      if (!isUnavailable(error)) throw error
      connection.destroy()
      throw unavailable(error)
    }
  }

  function queriesOn(borrow: (deadline: number) => Promise<Borrowed>): Queries {
    async function statement<T>(sql: string, params: SqlParams, options: StatementOptions) {
      const deadline = Date.now() + (options.timeoutMs ?? DEFAULT_TIMEOUT_MS)
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
        const result = await statement<ResultSetHeader>(sql, params, options)
        return { affectedRows: result.affectedRows, insertId: String(result.insertId) }
      },
    }
  }

  return {
    ...queriesOn(async (deadline) => {
      const connection = await acquire(deadline)
      return { connection, giveBack: () => connection.release() }
    }),

    async transaction(work) {
      const connection = await acquire(Date.now() + DEFAULT_TIMEOUT_MS)
      const tx = queriesOn(async () => ({ connection, giveBack: () => {} }))
      try {
        await tx.execute('START TRANSACTION')
        const result = await work(tx)
        await tx.execute('COMMIT')
        return result
      } catch (error) {
        // On a destroyed connection the rollback fails too, and the server has rolled back itself.
        await tx.execute('ROLLBACK').catch(() => connection.destroy())
        throw error
      } finally {
        connection.release()
      }
    },

    async close() {
      // A server that does not answer the farewell must not keep the process alive.
      await within(Date.now() + CONNECT_TIMEOUT_MS, pool.end()).catch(() => {})
    },
  }
}

/** Seconds after which a caller may try again. */
const RETRY_AFTER_S = 2

function unavailable(cause: unknown): Failure {
  return new Failure('storage_unavailable', { retryAfter: RETRY_AFTER_S }, { cause })
}

interface Borrowed {
  readonly connection: PoolConnection
  readonly giveBack: () => void
}

/** Rejects with a timeout error once the wall clock passes `deadline` (Unix ms). */
async function within<T>(deadline: number, work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const timeout = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      const error = new Error('MySQL did not answer in time')
      reject(Object.assign(error, { code: 'PROTOCOL_SEQUENCE_TIMEOUT', fatal: true }))
    }, deadline - Date.now())
  })
  try {
    return await Promise.race([work, timeout])
  } finally {
    clearTimeout(timer)
  }
}
