/**
 * Headers between nginx and the worker. nginx/snippets/proxy-worker.conf sends what it lists and nothing
 * else of a client, so the worker may believe these once the secret is right.
 */

export const GATE_HEADERS = {
  /** Proof that the request came through the gate: equal to GATE_WORKER_SECRET. */
  secret: 'X-Gate-Secret',
  /** users.id of the signed-in person, decimal; absent when nobody is signed in. */
  user: 'X-Gate-User',
  /** `user` or `admin`. */
  role: 'X-Gate-Role',
  /** SHA-256 (hex) of the session token: the session's name in Redis, never the token itself. */
  session: 'X-Gate-Session',
  /** access_tokens.id of the token that a program came with; absent for browsers. */
  token: 'X-Gate-Token',
  /** Name of the `concurrent` policy toward which the answer counts while it runs; absent without one. */
  slot: 'X-Gate-Slot',
  /** Answered by the worker, removed by the gate: what must be forgotten at once (revocation.ts). */
  revoke: 'X-Gate-Revoke',
} as const

/** 32 hex digits made by nginx, one per request, the same in every header, log row and upstream call. */
export const REQUEST_ID_HEADER = 'X-Request-Id'

/** The client's address as nginx determined it. */
export const REAL_IP_HEADER = 'X-Real-IP'
