/** What admins see of the health of a provider's key. */

/** What is wrong with the row of a key, so that no call can use it. */
export type KeyFlaw =
  | 'no_key'
  /** Inserted in the clear, and not 8 to 256 printable characters without spaces. */
  | 'malformed_key'
  /** GATE_ENCRYPTION_KEYS does not hold the key that it is encrypted with. */
  | 'unknown_encryption_key'
  /** Changed, or copied from another row. */
  | 'damaged_key'
  /** base_url is neither https nor on this machine. */
  | 'insecure_url'
  /** A real key for the stand-in, or the stand-in's for another server. */
  | 'standin_url'

/**
 * - `disabled`: by an admin
 * - `unusable`: its row is wrong, `reason` says how
 * - `rejected`, `no_balance`: the provider refuses it; until an admin enables it, or has paid
 * - `cooling`: its account made too many calls; `failing`: its server does not work; both until
 *   `cooling_until`, and as the answering worker sees it
 */
export type KeyState =
  | 'ok'
  | 'disabled'
  | 'unusable'
  | 'rejected'
  | 'no_balance'
  | 'cooling'
  | 'failing'

/** What an account has left; amounts are decimal strings. */
export interface KeyBalance {
  readonly is_available: boolean
  readonly balance_infos: readonly BalanceInfo[]
  /** ISO 8601, UTC. */
  readonly checked_at: string
}

export interface BalanceInfo {
  readonly currency: string
  readonly total_balance: string
  readonly granted_balance: string
  readonly topped_up_balance: string
}

/** POST /admin/api/keys/{id}/test */
export interface KeyTest {
  /** Whether a chat with this key would be served, as far as that can be told for free. */
  readonly ok: boolean
  /** HTTP status of the provider's list of models; null if there was no answer, or no question. */
  readonly status: number | null
  /** What is wrong, in the caller's language; null if nothing is. */
  readonly detail: string | null
  /** Until the provider's answer was whole. */
  readonly latency_ms: number | null
  /** Their ids. */
  readonly models: readonly string[]
  /** Null if the provider does not tell. */
  readonly balance: KeyBalance | null
}
