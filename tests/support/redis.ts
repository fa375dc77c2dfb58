/** The stack's Redis, as gate and worker see it. */

import { Redis } from 'ioredis'
import type { Plan } from '../../scripts/stack/plan.ts'
import { parseRedisUrl } from '../../worker/src/redis-url.ts'

/** Returns what `work` returns, done on a connection of its own. */
export async function withRedis<T>(plan: Plan, work: (redis: Redis) => Promise<T>): Promise<T> {
  const redis = await connectRedis(plan.worker.redisUrl)
  try {
    return await work(redis)
  } finally {
    redis.disconnect()
  }
}

/** Returns a connection to the Redis at an address like REDIS_URL. */
export async function connectRedis(url: string): Promise<Redis> {
  const address = parseRedisUrl(url)
  if (address === undefined) throw new RangeError('not a Redis URL')
  const { at, ...account } = address
  const redis = new Redis({
    ...('path' in at ? at : { host: at.host, port: at.port }),
    ...account,
    protocol: 2,
    lazyConnect: true,
  })
  await redis.connect()
  return redis
}

/**
 * Commands that run whether or not the gate asks anything: those of the log pipeline, of connecting,
 * and of looking at the numbers themselves.
 */
const BACKGROUND =
  /^(?:eval|memory\|usage|xadd|xlen|xreadgroup|xack|xdel|xautoclaim|xpending|multi|exec|auth|hello|client\|.*|select|ping|info)$/

/** Returns how often each other command has run since Redis started. */
export async function commandCounts(plan: Plan): Promise<Readonly<Record<string, number>>> {
  const stats = await withRedis(plan, (redis) => redis.info('commandstats'))
  const lines = [...stats.matchAll(/^cmdstat_([^:]+):calls=(\d+)/gm)]
  return Object.fromEntries(
    lines.flatMap(([, name = '', calls]) => (BACKGROUND.test(name) ? [] : [[name, Number(calls)]])),
  )
}
