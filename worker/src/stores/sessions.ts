/** Sessions in Redis, where the gates check them. */

import type { Redis } from 'ioredis'
import { z } from 'zod'
import { sessionIndexKey, sessionKey, userKey } from '#contract/redis-keys.ts'
import type { SessionRecord } from '#contract/session.ts'
import { viaRedis } from './redis.ts'
import { copyArguments, WRITE_COPY } from './user-copies.ts'
import type { GateUser } from './users.ts'

export interface SessionStart {
  /** SHA-256 (hex) of the token. */
  readonly hash: string
  readonly record: SessionRecord
  /** The user as just read from MySQL. */
  readonly user: GateUser
}

/** A session that the gates take for good. */
export interface LiveSession {
  readonly hash: string
  /** Unix seconds. */
  readonly created: number
  /** Unix seconds, at most a minute old. */
  readonly last: number
  readonly epoch: number
  readonly ip: string
  readonly ua: string
}

/** Every call throws Failure('session_store_unavailable') if Redis is away. */
export interface Sessions {
  /** Stores a session and refreshes the gate's copy of its user. */
  start(session: SessionStart): Promise<void>
  /** Ends one session. Returns false if there was none. */
  end(uid: string, hash: string): Promise<boolean>
  /**
   * Writes the copy of a user whose epoch was raised by one, and lets one session of the epoch before
   * live on in the new one.
   */
  keepOne(user: GateUser, hash: string): Promise<void>
  /** Returns a session if it is alive. */
  find(uid: string, hash: string): Promise<LiveSession | undefined>
  /** Returns for each user, in the given order, the MAX_LISTED newest live sessions, newest first. */
  list(uids: readonly string[]): Promise<readonly (readonly LiveSession[])[]>
}

export interface SessionTimes {
  readonly sessionIdleMs: number
  readonly sessionAbsoluteMs: number
}

/** A program that signs in every minute must not make a list that keeps Redis busy. */
export const MAX_LISTED = 200

/**
 * One atomic step. If Redis knows a later state of the user (somebody disabled the user or ended all
 * sessions after this sign-in read the row) the copy is left alone, and the session stored here is
 * dead by its own epoch.
 *
 * KEYS session, user, index; ARGV idle ms, absolute s, hash, record (created, epoch, ip, ua), user
 */
const START_SCRIPT = `${WRITE_COPY}
write_copy(KEYS[2], 8)
redis.call('HSET', KEYS[1], 'created', ARGV[4], 'last', ARGV[4], 'epoch', ARGV[5], 'ip', ARGV[6], 'ua', ARGV[7])
redis.call('PEXPIRE', KEYS[1], ARGV[1])
redis.call('ZREMRANGEBYSCORE', KEYS[3], '-inf', ARGV[4] - ARGV[2])
redis.call('ZADD', KEYS[3], ARGV[4], ARGV[3])
redis.call('EXPIRE', KEYS[3], ARGV[2])
return 1
`

/** KEYS session, user; ARGV user */
const KEEP_SCRIPT = `${WRITE_COPY}
write_copy(KEYS[2], 1)
if tonumber(redis.call('HGET', KEYS[1], 'epoch') or '0') == ARGV[1] - 1 then
  redis.call('HSET', KEYS[1], 'epoch', ARGV[1])
end
return 1
`

/**
 * The same test of a session as in the gate's admit.lua. What is over is dropped from the index; an
 * entry always has its session, as both are written in one step.
 *
 * KEYS index and user for each; ARGV idle s, absolute s, the hash of the one session that is looked
 * for or '', then the beginning of each user's session keys
 */
const LIVE_SCRIPT = `
local now, idle, absolute = tonumber(redis.call('TIME')[1]), tonumber(ARGV[1]), tonumber(ARGV[2])
local reply = {}
for at = 1, #KEYS, 2 do
  local index, prefix = KEYS[at], ARGV[3 + (at + 1) / 2]
  local user = redis.call('HMGET', KEYS[at + 1], 'epoch', 'state')
  local epoch = tonumber(user[1] or '0')
  local live = {}
  local hashes = { ARGV[3] }
  if ARGV[3] == '' then hashes = redis.call('ZRANGE', index, 0, ${MAX_LISTED - 1}, 'REV') end
  for _, hash in ipairs(hashes) do
    local session = redis.call('HMGET', prefix .. hash, 'created', 'last', 'epoch', 'ip', 'ua')
    if not session[1] or now - session[1] >= absolute or now - session[2] >= idle
      or tonumber(session[3]) < epoch then
      redis.call('ZREM', index, hash)
    elseif tonumber(session[3]) == epoch and user[2] == 'enabled' then
      live[#live + 1] = { hash, session[1], session[2], session[3], session[4], session[5] }
    end
  end
  reply[#reply + 1] = live
end
return reply
`

const LiveReply = z.array(
  z.array(
    z
      .tuple([z.string(), z.string(), z.string(), z.string(), z.string(), z.string()])
      .transform(([hash, created, last, epoch, ip, ua]) => ({
        hash,
        created: Number(created),
        last: Number(last),
        epoch: Number(epoch),
        ip,
        ua,
      })),
  ),
)

export function createSessions(redis: Redis, times: SessionTimes): Sessions {
  const idleS = Math.floor(times.sessionIdleMs / 1000)
  const absoluteS = Math.floor(times.sessionAbsoluteMs / 1000)

  /** @param hash the one session that is looked for, or empty */
  async function live(uids: readonly string[], hash: string) {
    const keys = uids.flatMap((uid) => [sessionIndexKey(uid), userKey(uid)])
    const args = [idleS, absoluteS, hash, ...uids.map((uid) => sessionKey(uid, ''))]
    return LiveReply.parse(await viaRedis(redis.eval(LIVE_SCRIPT, keys.length, ...keys, ...args)))
  }

  return {
    async start({ hash, record, user }) {
      const keys = [sessionKey(user.id, hash), userKey(user.id), sessionIndexKey(user.id)]
      const args = [
        ...[times.sessionIdleMs, absoluteS, hash],
        ...[record.created, record.epoch, record.ip, record.ua],
        ...copyArguments(user),
      ]
      await viaRedis(redis.eval(START_SCRIPT, keys.length, ...keys, ...args))
    },

    async end(uid, hash) {
      const ended = redis.multi().del(sessionKey(uid, hash)).zrem(sessionIndexKey(uid), hash).exec()
      const [[error, count] = []] = (await viaRedis(ended)) ?? []
      if (error) throw error
      return count === 1
    },

    async keepOne(user, hash) {
      const keys = [sessionKey(user.id, hash), userKey(user.id)]
      await viaRedis(redis.eval(KEEP_SCRIPT, keys.length, ...keys, ...copyArguments(user)))
    },

    async find(uid, hash) {
      const [[session] = []] = await live([uid], hash)
      return session
    },

    list: (uids) => live(uids, ''),
  }
}
