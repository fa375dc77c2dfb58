/** Bodies of the worker's JSON API, as the pages and other clients see them. */

import type { Role } from './session.ts'

/** GET /api/me */
export interface Me {
  readonly id: string
  readonly username: string
  readonly role: Role
  /** Things this person should know about; the pages put words to them. */
  readonly notices: readonly Notice[]
}

/**
 * - `standin_upstream`: answers come from the local stand-in, no DeepSeek key is set
 * - `no_upstream_key`: nobody can chat until a key is added
 * - `default_admin_password`, `default_mysql_password`: shown to admins until changed
 */
export type Notice =
  | 'standin_upstream'
  | 'no_upstream_key'
  | 'default_admin_password'
  | 'default_mysql_password'

/** Sums over one period. Tokens are counts; cost is a decimal string in `currency`, never a float. */
export interface UsageTotals {
  readonly requests: number
  readonly prompt_tokens: number
  readonly completion_tokens: number
  readonly total_tokens: number
  readonly cost: string
  readonly currency: string
}

/** GET /api/usage/summary, and for all users GET /admin/api/usage/summary */
export interface UsageSummary {
  readonly today: UsageTotals
  readonly week: UsageTotals
  readonly month: UsageTotals
  readonly total: UsageTotals
  /** IANA zone in which days, weeks (from Monday) and months begin. */
  readonly timezone: string
}

/** How a model call ended; `open` while it runs. */
export type Ending =
  | 'open'
  | 'done'
  | 'stopped'
  | 'client_gone'
  | 'upstream_error'
  | 'timeout'
  | 'interrupted'

/** One model call. */
export interface UsageRecord {
  readonly request_id: string
  /** ISO 8601, UTC. */
  readonly started_at: string
  readonly username: string
  readonly model_requested: string
  /** The model that answered, or null if none did. */
  readonly model: string | null
  readonly ending: Ending
  readonly finish_reason: string | null
  readonly prompt_tokens: number
  readonly cached_tokens: number
  readonly completion_tokens: number
  readonly reasoning_tokens: number
  readonly total_tokens: number
  /** True when the provider sent no usage and the counts are our estimate. */
  readonly estimated: boolean
  readonly cost: string
  readonly currency: string
  readonly key_alias: string | null
  readonly first_token_ms: number | null
  readonly duration_ms: number | null
}

/** A page of a list; `next` is the cursor of the following page, or null on the last. */
export interface Page<T> {
  readonly items: readonly T[]
  readonly next: string | null
}

/** GET /admin/api/keys */
export interface ApiKeyView {
  readonly id: string
  readonly alias: string
  /** Last four characters; the key itself never leaves the worker. */
  readonly last4: string
  readonly base_url: string
  readonly weight: number
  readonly enabled: boolean
  /** True for the stand-in's own row, used only while no other key is enabled. */
  readonly standin: boolean
  readonly created_at: string
  readonly last_used_at: string | null
}

/** GET /admin/api/logs */
export interface ProxyLogView {
  readonly created_at: string
  readonly request_id: string
  readonly username: string | null
  readonly ip: string
  readonly method: string
  readonly path: string
  readonly status: number
  readonly completed: boolean
  readonly duration_ms: number
  readonly upstream_status: number | null
  readonly verdict: string
}

/** One model a person can choose; GET /api/models answers `{models: ChatModel[]}`. */
export interface ChatModel {
  readonly id: string
  readonly name: string
  readonly default: boolean
}
