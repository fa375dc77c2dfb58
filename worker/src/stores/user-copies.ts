/** The gate's copy of users in Redis. MySQL is the truth; a copy never goes back to an older state. */

import type { Redis } from 'ioredis'
import { userKey } from '#contract/redis-keys.ts'
import type { UserCopy } from '#contract/session.ts'
import { viaRedis } from './redis.ts'
import type { GateUser } from './users.ts'

/** Throws Failure('session_store_unavailable') if Redis is away. */
export interface UserCopies {
  /**
   * Writes the users' copies, each unless Redis knows a later state of the user. Returns how many
   * states were new to Redis.
   */
  write(users: readonly GateUser[]): Promise<number>
  /** Returns whether the user has to change the password; undefined if the copy does not tell. */
  mustChange(uid: string): Promise<boolean | undefined>
}

/** How many elements of ARGV one user takes. */
const ARGUMENTS = 7

/**
 * Lua for every script that writes a copy: `write_copy(key, at)` with the user's arguments in ARGV
 * from `at` on; returns 1 if the state was new to Redis, else 0. The later epoch wins, and within an
 * epoch the later revision; of one and the same state every field is written again.
 */
export const WRITE_COPY = `
local function write_copy(key, at)
  local known = redis.call('HMGET', key, 'epoch', 'revision')
  local known_epoch, known_revision = tonumber(known[1] or '0'), tonumber(known[2] or '0')
  local epoch, revision = tonumber(ARGV[at]), tonumber(ARGV[at + 1])
  if known_epoch > epoch or (known_epoch == epoch and known_revision > revision) then return 0 end
  redis.call('HSET', key, 'epoch', ARGV[at], 'revision', ARGV[at + 1], 'state', ARGV[at + 2],
    'role', ARGV[at + 3], 'name', ARGV[at + 4], 'limits', ARGV[at + 5],
    'must_change', ARGV[at + 6])
  if known_epoch == epoch and known_revision == revision then return 0 end
  return 1
end
`

const WRITE_SCRIPT = `${WRITE_COPY}
local new = 0
for i, key in ipairs(KEYS) do
  new = new + write_copy(key, (i - 1) * ${ARGUMENTS} + 1)
end
return new
`

/** Returns the arguments that write_copy reads. */
export function copyArguments(user: GateUser): readonly string[] {
  const { epoch, revision, state, role, name, limits, must_change } = copyOf(user)
  return [epoch, revision, state, role, name, limits, must_change]
}

function copyOf({ epoch, revision, username, mustChange, ...user }: GateUser): UserCopy {
  const { state, role, limits } = user
  return {
    ...{ epoch: String(epoch), revision: String(revision), state, role, name: username, limits },
    must_change: mustChange === 1 ? '1' : '0',
  }
}

export function createUserCopies(redis: Redis): UserCopies {
  return {
    async write(users) {
      if (users.length === 0) return 0
      const keys = users.map(({ id }) => userKey(id))
      const args = users.flatMap(copyArguments)
      return Number(await viaRedis(redis.eval(WRITE_SCRIPT, keys.length, ...keys, ...args)))
    },
    async mustChange(uid) {
      const field: keyof UserCopy = 'must_change'
      const value = await viaRedis(redis.hget(userKey(uid), field))
      return value === null ? undefined : value === '1'
    },
  }
}
