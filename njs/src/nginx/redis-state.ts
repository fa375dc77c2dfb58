/**
 * Whether Redis can be asked, shared by nginx's processes. A failed call puts it in doubt; a periodic
 * look (handlers/redis-watch.ts) finds out whether it is away, and then nobody waits for it any more, and
 * when it is back. Each change of state is one line in the log.
 */

import { tellState } from './state-line.ts'
import { redisHealth } from './zones.ts'

/** Failed calls in a row, a look the last of them, after which Redis counts as away. */
const FAILURES = 3

/** Redis that answers is looked after when this much has passed, at the next tick of the watch, ms. */
const CALM_MS = 1000

const FAILED = 'failed'
const LOOKED_AT = 'looked_at'
export const AWAY_SINCE = 'away_since'
const BACK_AT = 'back_at'
/** When Redis' counts and those of this nginx last went apart. */
export const APART_AT = 'apart_at'
/** Until when local counts are known to miss a request. */
const INCOMPLETE_UNTIL = 'incomplete_until'

/** Returns true while Redis counts as away. */
export function isRedisAway(): boolean {
  return redisHealth.has(AWAY_SINCE)
}

/** Returns since when Redis is away, Unix ms, or undefined. */
export function redisAwaySince(): number | undefined {
  return redisHealth.get(AWAY_SINCE)
}

/** Returns true while Redis is away or its last call has failed. */
export function isRedisInDoubt(): boolean {
  return isRedisAway() || (redisHealth.get(FAILED) ?? 0) > 0
}

/** Returns true, at most once in a while, if it is time to look after a Redis that seems well. */
export function isLookDue(nowMs: number): boolean {
  const lookedAt = redisHealth.get(LOOKED_AT)
  if (lookedAt !== undefined && nowMs - lookedAt < CALM_MS) return false
  redisHealth.set(LOOKED_AT, nowMs)
  return true
}

/**
 * Notes a request's call that failed; of no account if Redis has come back since it began. Whether Redis
 * is away the next look finds out, which comes soon now: it may be nginx itself that is late.
 */
export function doubtRedis(beganMs: number): void {
  if (beganMs < (redisHealth.get(BACK_AT) ?? 0)) return
  redisHealth.incr(FAILED, 1, 0)
}

/** Notes a look that failed. */
export function noteFailedLook(reason: string, nowMs: number): void {
  if (redisHealth.incr(FAILED, 1, 0) < FAILURES) return
  if (redisHealth.add(AWAY_SINCE, nowMs)) {
    tellState(`Redis is away, this nginx decides alone: ${reason}`)
  }
}

/** Notes a call that was answered. */
export function noteRedisAnswer(): void {
  const failed = redisHealth.get(FAILED)
  if (failed !== undefined && failed > 0) redisHealth.set(FAILED, 0)
}

/** Notes that Redis answers again. */
export function noteRedisBack(nowMs: number): void {
  const since = redisHealth.get(AWAY_SINCE)
  if (since === undefined) return
  redisHealth.set(FAILED, 0)
  redisHealth.set(BACK_AT, nowMs)
  if (redisHealth.delete(AWAY_SINCE)) {
    tellState(`Redis is back after ${nowMs - since} ms`)
  }
}

/**
 * Notes that Redis knows less than this nginx: a request was admitted without it, or it has lost its
 * memory. For the length of a window from now the stricter of both counts decides.
 */
export function noteCountsApart(nowMs: number): void {
  raise(APART_AT, nowMs)
}

/** Returns when Redis and this nginx last went apart, Unix ms, or undefined if they never did. */
export function countsApartAt(): number | undefined {
  return redisHealth.get(APART_AT)
}

/** Notes a request that Redis admitted and that found no memory for its local slot. */
export function noteIncompleteCount(untilMs: number): void {
  raise(INCOMPLETE_UNTIL, untilMs)
}

/** Returns true while local counts may miss a request and so must not admit anybody. */
export function isCountIncomplete(nowMs: number): boolean {
  const until = redisHealth.get(INCOMPLETE_UNTIL)
  return until !== undefined && nowMs < until
}

/** The zone never runs full: it holds these few keys only. */
function raise(key: string, ms: number): void {
  const known = redisHealth.get(key)
  if (known === undefined || known < ms) redisHealth.set(key, ms)
}
