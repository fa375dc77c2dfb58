/** Scripts that are too long to be sent with every call. */

import { createHash } from 'node:crypto'
import type { Redis } from 'ioredis'

/** Runs the script with these keys and arguments and returns its reply. */
export type RedisScript = (
  keys: readonly string[],
  args: readonly (string | number)[],
) => Promise<unknown>

/** Returns the script as something to call; Redis learns it when it does not know it (any more). */
export function createScript(redis: Redis, source: string): RedisScript {
  const sha = createHash('sha1').update(source).digest('hex')
  return async (keys, args) => {
    try {
      return await redis.evalsha(sha, keys.length, ...keys, ...args)
    } catch (error) {
      if (!(error instanceof Error && error.message.startsWith('NOSCRIPT'))) throw error
      return await redis.eval(source, keys.length, ...keys, ...args)
    }
  }
}
