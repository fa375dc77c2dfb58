/** Stream slots in Redis, where the gate counts them. */

import type { Redis } from 'ioredis'
import { slotKey } from '#contract/redis-keys.ts'
import { SLOT_LEASE_SECONDS } from '#contract/stream-slot.ts'
import type { SlotStore, StreamSlot } from '../domain/stream-slots.ts'

/**
 * A plain ZADD: a slot that a restarted Redis has lost is there again. On Redis' clock, like the
 * gate's. KEYS one per slot; ARGV lease s, then the request ids
 */
const RENEW_SCRIPT = `
local time, lease = redis.call('TIME'), tonumber(ARGV[1])
local lapses = string.format('%.0f', (time[1] + lease) * 1000000 + time[2])
for i, key in ipairs(KEYS) do
  redis.call('ZADD', key, lapses, ARGV[i + 1])
  redis.call('EXPIRE', key, lease)
end
return #KEYS
`

const keyOf = ({ uid, policy }: StreamSlot) => slotKey(`u:${uid}`, policy)

export function createSlotStore(redis: Redis): SlotStore {
  return {
    async renew(slots) {
      const keys = slots.map(keyOf)
      const members = slots.map(({ requestId }) => requestId)
      await redis.eval(RENEW_SCRIPT, keys.length, ...keys, SLOT_LEASE_SECONDS, ...members)
    },
    async release(slot) {
      await redis.zrem(keyOf(slot), slot.requestId)
    },
  }
}
