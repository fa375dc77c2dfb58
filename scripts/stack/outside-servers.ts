/** Servers that the operator named instead of our own: they have to answer before anything starts. */

import { Redis } from 'ioredis'
import { createConnection } from 'mysql2/promise'
import { parseRedisUrl } from '../../worker/src/redis-url.ts'
import type { Plan } from './plan.ts'
import { StartFailure } from './start-failure.ts'

const CONNECT_TIMEOUT_MS = 900

/**
 * Asks MySQL and Redis, as far as they are not started by us.
 * @throws {StartFailure} within a second, naming each that does not answer, and its setting
 */
export async function checkOutsideServers(plan: Plan): Promise<void> {
  const problems = await Promise.all([
    plan.ownMysql ? undefined : mysqlProblem(plan),
    plan.ownRedis ? undefined : redisProblem(plan),
  ])
  const told = problems.filter((problem) => problem !== undefined)
  if (told.length > 0) throw new StartFailure(told.join('\n'))
}

async function mysqlProblem({ worker }: Plan): Promise<string | undefined> {
  const { host, port, ...account } = worker.mysql
  const isSocket = host.startsWith('/')
  try {
    const connection = await createConnection({
      ...account,
      ...(isSocket ? { socketPath: host } : { host, port }),
      connectTimeout: CONNECT_TIMEOUT_MS,
    })
    connection.destroy()
    return undefined
  } catch (error) {
    const where = isSocket ? host : `${host}:${port}`
    return `MySQL at ${where} (MYSQL_HOST) cannot be used: ${reasonOf(error)}`
  }
}

async function redisProblem({ worker }: Plan): Promise<string | undefined> {
  const address = parseRedisUrl(worker.redisUrl)
  if (address === undefined) return 'REDIS_URL cannot be understood.'
  const { at, username, password, db } = address
  const redis = new Redis({
    ...('path' in at
      ? { path: at.path }
      : { host: at.host, port: at.port, ...(at.tls && { tls: {} }) }),
    ...(username !== undefined && { username }),
    ...(password !== undefined && { password }),
    db,
    lazyConnect: true,
    connectTimeout: CONNECT_TIMEOUT_MS,
    commandTimeout: CONNECT_TIMEOUT_MS,
    retryStrategy: () => null,
  })
  let reason = ''
  // The reason comes as an event; the rejection only says that the connection is closed.
  redis.on('error', (error) => {
    reason ||= reasonOf(error)
  })
  try {
    await redis.connect()
    await redis.ping()
    return undefined
  } catch (error) {
    const where = 'path' in at ? at.path : `${at.host}:${at.port}`
    return `Redis at ${where} (REDIS_URL) cannot be used: ${reason || reasonOf(error)}`
  } finally {
    redis.disconnect()
  }
}

function reasonOf(error: unknown): string {
  const { code, message } = error as { code?: string; message?: string }
  return message || code || String(error)
}
