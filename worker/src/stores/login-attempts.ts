/** Failed sign-ins in Redis, shared by all workers. */

import type { Redis } from 'ioredis'
import { limitKey } from '#contract/redis-keys.ts'
import { FREE_FAILURES, LOGIN_WINDOW_S } from '../domain/login-delay.ts'

/** Every call rejects if Redis is away. */
export interface LoginAttempts {
  /** Counts an attempt as failed and returns 0, or returns how long to wait, ms. */
  reserve(subject: string, id: string): Promise<number>
  /** Takes an attempt back: nobody has judged it. */
  release(subject: string, id: string): Promise<void>
  /** Forgets the subject's failures. */
  reset(subject: string): Promise<void>
}

/**
 * The rule of loginDelayS on Redis' clock, in one step, so that attempts at the same moment cannot
 * all pass. ARGV id, free failures, window s
 */
const RESERVE_SCRIPT = `
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local free, window = tonumber(ARGV[2]), tonumber(ARGV[3])
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', string.format('%.0f', now - window * 1000000))
local failures = redis.call('ZCARD', KEYS[1])
if failures > free then
  local last = redis.call('ZRANGE', KEYS[1], -1, -1, 'WITHSCORES')[2]
  local delay = math.min(2 ^ (failures - free - 1), window)
  local wait = last + delay * 1000000 - now
  if wait > 0 then return math.ceil(wait / 1000) end
end
redis.call('ZADD', KEYS[1], string.format('%.0f', now), ARGV[1])
redis.call('EXPIRE', KEYS[1], window)
return 0
`

const keyOf = (subject: string) => limitKey(subject, 'login', LOGIN_WINDOW_S)

export function createLoginAttempts(redis: Redis): LoginAttempts {
  return {
    async reserve(subject, id) {
      const args = [id, FREE_FAILURES, LOGIN_WINDOW_S]
      return Number(await redis.eval(RESERVE_SCRIPT, 1, keyOf(subject), ...args))
    },
    async release(subject, id) {
      await redis.zrem(keyOf(subject), id)
    },
    async reset(subject) {
      await redis.del(keyOf(subject))
    },
  }
}
