/**
 * One proxied request as it travels nginx → Redis stream → worker → MySQL `proxy_logs`. Holds no
 * query string, cookie, token or message text.
 */

export interface LogRecord {
  /** Version of this shape, so that a rolling upgrade can tell old records from new ones. */
  readonly v: 1
  /** Unix milliseconds at which the request began; with `id` the primary key in MySQL. */
  readonly at: number
  /** Request id, 32 hex digits. */
  readonly id: string
  /** users.id, or null when nobody was signed in. */
  readonly uid: string | null
  readonly ip: string
  /** Empty for a request that nginx could not parse. */
  readonly method: string
  /** Path without query, at most 512 characters; empty for a request that nginx could not parse. */
  readonly path: string
  /** `HTTP/1.1`, `HTTP/2.0`, … or empty. */
  readonly proto: string
  readonly status: number
  /** False when the client went away before the whole answer was sent. */
  readonly done: boolean
  /** From the first byte read to the last byte sent, milliseconds. */
  readonly ms: number
  /** Bytes read from and sent to the client, headers included. */
  readonly in: number
  readonly out: number
  /** The worker's status, or null if the worker was not called. */
  readonly up: number | null
  /** Milliseconds until the worker's headers, or null. */
  readonly upms: number | null
  /**
   * `allow`, a problem code with which the gate refused, `pending` if the client left before the
   * decision, or empty for an unguarded location.
   */
  readonly gate: string
  /** User-Agent, at most 256 characters. */
  readonly ua: string
}

/** Name of the one field of an entry in the Redis stream: records as JSON, one per line. */
export const LOG_BATCH_FIELD = 'records'
