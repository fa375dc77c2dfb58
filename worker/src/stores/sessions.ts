/** Sessions in Redis, where the gates check them. */

import type { Redis } from 'ioredis'
import { sessionKey, userKey } from '#contract/redis-keys.ts'
import type { SessionRecord, UserCopy } from '#contract/session.ts'
import { viaRedis } from './redis.ts'

export interface SessionStart {
  readonly uid: string
  /** SHA-256 (hex) of the token. */
  readonly hash: string
  readonly record: SessionRecord
  /** The user as just read from MySQL. */
  readonly user: UserCopy
  readonly idleMs: number
}

/** Both throw Failure('session_store_unavailable') if Redis is away. */
export interface Sessions {
  /** Stores a session and refreshes the gate's copy of its user. */
  start(session: SessionStart): Promise<void>
  /** Ends one session; ending one that is over already is no error. */
  end(uid: string, hash: string): Promise<void>
}

/**
 * One atomic step. A copy with a later epoch is left alone: somebody disabled the user or ended all
 * sessions after this sign-in read the row, and the session stored here is dead by its own epoch.
 */
const START_SCRIPT = `
local known_epoch = tonumber(redis.call('HGET', KEYS[2], 'epoch') or '0')
if known_epoch <= tonumber(ARGV[3]) then
  redis.call('HSET', KEYS[2], 'epoch', ARGV[3], 'state', ARGV[4], 'role', ARGV[5], 'name', ARGV[6])
end
redis.call('HSET', KEYS[1], 'created', ARGV[2], 'last', ARGV[2], 'epoch', ARGV[3], 'ip', ARGV[7], 'ua', ARGV[8])
redis.call('PEXPIRE', KEYS[1], ARGV[1])
return 1
`

export function createSessions(redis: Redis): Sessions {
  return {
    async start({ uid, hash, record, user, idleMs }) {
      await viaRedis(
        redis.eval(
          START_SCRIPT,
          2,
          sessionKey(uid, hash),
          userKey(uid),
          idleMs,
          record.created,
          user.epoch,
          user.state,
          user.role,
          user.name,
          record.ip,
          record.ua,
        ),
      )
    },
    async end(uid, hash) {
      await viaRedis(redis.del(sessionKey(uid, hash)))
    },
  }
}
