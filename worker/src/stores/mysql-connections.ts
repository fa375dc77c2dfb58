/** Pooled connections to MySQL whose session is set up, and answers within a time limit. */

import { createPool, type Pool, type PoolConnection } from 'mysql2'
import type { WorkerEnv } from '../env.ts'
import { Failure } from '../failure.ts'

const CONNECT_TIMEOUT_MS = 800
const QUEUE_LIMIT = 200

/**
 * Every session computes in UTC and refuses what does not fit instead of cutting it. Locks are not
 * waited for much longer than callers wait, else abandoned statements would pile up in the server.
 */
const SESSION_SETUP = `SET SESSION time_zone = '+00:00', sql_mode = 'TRADITIONAL,ONLY_FULL_GROUP_BY',
  innodb_lock_wait_timeout = 2, lock_wait_timeout = 10`

export interface Connections {
  /** Returns a connection whose session is set up. @throws {Failure} storage_unavailable */
  acquire(deadline: number): Promise<PoolConnection>
  close(): Promise<void>
}

/**
 * @param limit how many there may be at a time
 * @param isBatch whether one text may hold several statements
 */
export function connectTo(
  settings: WorkerEnv['mysql'],
  limit: number,
  isBatch: boolean,
): Connections {
  const pool = createPool({
    ...(settings.host.startsWith('/')
      ? { socketPath: settings.host }
      : { host: settings.host, port: settings.port }),
    user: settings.user,
    password: settings.password,
    database: settings.database,
    multipleStatements: isBatch,
    charset: 'UTF8MB4_0900_AI_CI',
    timezone: 'Z',
    dateStrings: false,
    decimalNumbers: false,
    supportBigNumbers: true,
    bigNumberStrings: true,
    connectTimeout: CONNECT_TIMEOUT_MS,
    connectionLimit: limit,
    queueLimit: QUEUE_LIMIT,
    enableKeepAlive: true,
  })
  /** Connections whose session is set up; weak, because the pool replaces them as it likes. */
  const ready = new WeakSet<PoolConnection>()

  return {
    async acquire(deadline) {
      let connection: PoolConnection
      try {
        connection = await connectionOf(pool, deadline)
      } catch (cause) {
        throw unavailable(cause)
      }
      if (ready.has(connection)) return connection
      try {
        await answerOf(deadline, (done) => connection.query(SESSION_SETUP, done))
      } catch (cause) {
        connection.destroy()
        throw unavailable(cause)
      }
      ready.add(connection)
      return connection
    },

    async close() {
      // A server that does not answer the farewell must not keep the process alive.
      await answerOf<void>(Date.now() + CONNECT_TIMEOUT_MS, (done) => pool.end(done)).catch(
        () => {},
      )
    },
  }
}

/** The pool cannot forget a waiting caller, so a connection that comes too late is given back. */
function connectionOf(pool: Pool, deadline: number): Promise<PoolConnection> {
  let isLate = false
  return answerOf<PoolConnection>(
    deadline,
    (done) =>
      pool.getConnection((error, connection) => {
        if (isLate && error === null) connection.release()
        else done(error, connection)
      }),
    () => {
      isLate = true
    },
  )
}

/** Seconds after which a caller may try again. */
const RETRY_AFTER_S = 2

export function unavailable(cause: unknown): Failure {
  return new Failure('storage_unavailable', { retryAfter: RETRY_AFTER_S }, { cause })
}

/**
 * Returns what `ask` hands to its callback; rejects with a timeout error once the wall clock passes
 * `deadline` (Unix ms). With callbacks, because mysql2's promises note a stack for every statement.
 * @param onTimeout called before a late rejection
 */
export function answerOf<T>(
  deadline: number,
  ask: (done: (error: Error | null | undefined, result?: T) => void) => void,
  onTimeout?: () => void,
): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      onTimeout?.()
      const error = new Error('MySQL did not answer in time')
      reject(Object.assign(error, { code: 'PROTOCOL_SEQUENCE_TIMEOUT', fatal: true }))
    }, deadline - Date.now())
    ask((error, result) => {
      clearTimeout(timer)
      if (error) reject(error)
      else resolve(result as T)
    })
  })
}
