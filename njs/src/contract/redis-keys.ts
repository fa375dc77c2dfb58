/**
 * Every Redis key of Chatgate. No other file spells one. The braces are Redis hash tags, so that all
 * keys of one user could later live on one shard.
 */

/** Hash: one session (session.ts, SessionRecord). TTL: the idle timeout, renewed by the gate. */
export function sessionKey(uid: string, tokenHash: string): string {
  return `{u:${uid}}:sess:${tokenHash}`
}

/** Hash: the copy of the MySQL row in `users` that the gate reads (session.ts, UserCopy). No TTL. */
export function userKey(uid: string): string {
  return `{u:${uid}}:user`
}

/**
 * Sorted set: the sessions of one user, to list and end them; members are token hashes, scores Unix
 * seconds of sign-in. Written by the worker alone; an entry may outlive its session. TTL: the absolute
 * timeout.
 */
export function sessionIndexKey(uid: string): string {
  return `{u:${uid}}:sessions`
}

/** Hash: one access token (access-token.ts, TokenRecord), put there by the worker when it is used. */
export function tokenKey(uid: string, tokenHash: string): string {
  return `{u:${uid}}:tok:${tokenHash}`
}

/**
 * Sorted set: running answers of one user under a `concurrent` policy; members are request ids, scores
 * microseconds of Redis' clock at which an unrenewed slot lapses. TTL: the lease.
 * @param subject `u:<uid>`
 */
export function slotKey(subject: string, policy: string): string {
  return `{${subject}}:slots:${policy}`
}

/**
 * Sorted set: the sliding log of one limit policy for one subject; members are request ids, scores
 * microseconds of Redis' clock. TTL: the policy's window.
 * @param subject `u:<uid>`, `t:<token hash>` or `ip:<address>`
 * @param windowSeconds the policy's `w`
 */
export function limitKey(subject: string, policy: string, windowSeconds: number): string {
  return `{${subject}}:rl:${policy}:${windowSeconds}`
}

/**
 * Hash: what one user and the user's access tokens have used of their quotas in the current day and month
 * (worker/src/stores/quota-script.ts). Made of MySQL's sums when it is not there. TTL: half a day.
 */
export function quotaKey(uid: string): string {
  return `{u:${uid}}:quota`
}

/** Hash: what running calls of one user may still use, by request id. TTL: a day, longer than quotaKey's. */
export function quotaHoldsKey(uid: string): string {
  return `{u:${uid}}:quota:holds`
}

/** Hash: the run of Redis that the workers know, and since when. Gone when Redis has lost its memory. */
export const QUOTA_RUN = 'quota:run'

/** Stream: batches of proxy log records, written by nginx, read by the workers' consumer group. */
export const PROXY_LOG_STREAM = 'proxy_logs'

/** The consumer group that moves PROXY_LOG_STREAM into MySQL. */
export const PROXY_LOG_GROUP = 'mysql'

/** Stream: proxy log records that MySQL refused one by one, kept for a person to look at. */
export const PROXY_LOG_DEAD = 'proxy_logs:dead'

/**
 * Stream: ends of calls that MySQL could not take, written and read by the workers; an entry goes when it
 * is in MySQL. Bounded by the worker in number and size of entries.
 */
export const SETTLEMENT_SPOOL = 'settlements'

/** Never there: a gate deletes it to see whether Redis takes writes, also when it has no memory left. */
export const GATE_PROBE = 'gate:probe'

/**
 * Stream: a running answer as its worker tells it to the others (worker/src/stores/generation-stream.ts).
 * Deleted when the answer is stored; TTL: an hour longer than an answer may take.
 */
export function generationKey(uid: string, generationId: string): string {
  return `{u:${uid}}:gen:${generationId}`
}

/**
 * String: what a program's running call has come to, as JSON (worker/src/stores/call-progress.ts). Deleted
 * when the call is stored; TTL: like a generation's.
 */
export function callKey(uid: string, requestId: string): string {
  return `{u:${uid}}:call:${requestId}`
}

/** Channel: `<uid>:<generation id>`, an answer that its owner has stopped. */
export const GENERATION_STOPS = 'gen:stops'

/** Channel: names of workers that have told more of their running answers. */
export const GENERATION_NEWS = 'gen:news'
