/** The Redis client, set up to fail at once instead of waiting for a server that may not come back. */

import { Redis } from 'ioredis'
import type { Logger } from 'pino'
import { Failure } from '../failure.ts'
import { parseRedisUrl } from '../redis-url.ts'
import { createStateLog } from '../state-log.ts'

const CONNECT_TIMEOUT_MS = 500
const COMMAND_TIMEOUT_MS = 500
const MAX_RECONNECT_DELAY_MS = 500

/** Seconds after which a caller may try again. */
const RETRY_AFTER_S = 2

/**
 * Returns a client that connects in the background and reconnects for ever. A command on a lost
 * connection is refused at once; one that gets no answer is given up after 500 ms and never sent
 * again, because it may have been carried out.
 * @param url checked by parseRedisUrl
 * @param name what the connection is called in the log
 */
export function createRedis(url: string, log: Logger, name = 'redis'): Redis {
  const address = parseRedisUrl(url)
  if (address === undefined) throw new RangeError('not a Redis URL')
  const { at, username, password, db } = address
  const redis = new Redis({
    ...('path' in at ? at : { host: at.host, port: at.port, ...(at.tls && { tls: {} }) }),
    username,
    password,
    db,
    connectTimeout: CONNECT_TIMEOUT_MS,
    commandTimeout: COMMAND_TIMEOUT_MS,
    // One shape of replies, whatever the server speaks.
    protocol: 2,
    enableOfflineQueue: false,
    maxRetriesPerRequest: 0,
    autoResendUnfulfilledCommands: false,
    retryStrategy: (times) => Math.min(times * 50, MAX_RECONNECT_DELAY_MS),
    reconnectOnError: (error) => /^(READONLY|MASTERDOWN)/.test(error.message),
  })
  watchConnection(redis, log, name)
  return redis
}

/** Logs each loss and return of a connection once. Without a listener ioredis would print errors. */
export function watchConnection(redis: Redis, log: Logger, name: string): void {
  const state = createStateLog(log, name)
  redis.on('error', state.down)
  redis.on('ready', state.up)
}

/** Replies by which Redis says that it cannot serve now, as opposed to a wrong command. */
const UNAVAILABLE_REPLY =
  /^(LOADING|READONLY|MASTERDOWN|MISCONF|OOM|BUSY|NOREPLICAS|NOAUTH|TRYAGAIN)/

/**
 * Returns what `command` returns.
 * @throws {Failure} session_store_unavailable if Redis is away or cannot serve
 */
export async function viaRedis<T>(command: Promise<T>): Promise<T> {
  try {
    return await command
  } catch (cause) {
    const isFault = isReplyError(cause) && !UNAVAILABLE_REPLY.test(cause.message)
    if (isFault) throw cause
    throw new Failure('session_store_unavailable', { retryAfter: RETRY_AFTER_S }, { cause })
  }
}

/** True for an error that Redis itself answered, as opposed to one of the connection. */
function isReplyError(error: unknown): error is Error {
  return error instanceof Error && error.name === 'ReplyError'
}
