/** Bodies of the worker's JSON API, as the pages and other clients see them. */

import type { ChatUsage } from './chat-events.ts'
import type { KeyState } from './key-state.ts'
import type { QuotaTerm } from './quota.ts'
import type { Role, UserCopy } from './session.ts'

/** POST /login, as JSON */
export interface SignedIn {
  readonly user: Pick<Me, 'id' | 'username' | 'role'>
  /** True: every API but POST /api/me/password answers `password_change_required`. */
  readonly must_change: boolean
}

/** GET /api/me */
export interface Me {
  readonly id: string
  readonly username: string
  readonly role: Role
  /** IANA zone in which their days, weeks and months begin. */
  readonly timezone: string
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
  /** Part of prompt_tokens. */
  readonly cached_tokens: number
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
  /** Yesterday, last week and last month, whole. */
  readonly before: Readonly<Record<'today' | 'week' | 'month', UsageTotals>>
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
  /** Id of the access token of the program that asked; null: a person did. */
  readonly token_id: string | null
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
  /** To be repeated with a change: raised with each. */
  readonly version: number
  /** Keys of one account share balance and limits; null: an account of its own. */
  readonly account: string | null
  /** The admin's switch; a key that the provider refuses stays enabled. */
  readonly enabled: boolean
  readonly state: KeyState
  /** Why it is in this state, in the caller's language; null if it is ok. */
  readonly reason: string | null
  /** Since when the provider refuses it. */
  readonly fault_at: string | null
  readonly cooling_until: string | null
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
  /** Bytes read from and sent to the client, headers included. */
  readonly bytes_in: number
  readonly bytes_out: number
  readonly upstream_status: number | null
  /** Milliseconds until the worker's headers. */
  readonly upstream_ms: number | null
  readonly verdict: string
  readonly user_agent: string
}

/** One model a person can choose; GET /api/models answers `{models: ChatModel[]}`. */
export interface ChatModel {
  readonly id: string
  readonly name: string
  readonly default: boolean
  /** Tokens that prompt and answer may have together. */
  readonly context_window: number
  readonly max_output_tokens: number
}

/** One session in GET /api/me/sessions; times are ISO 8601, UTC. */
export interface SessionView {
  /** SHA-256 (hex) of the token: names the session and opens nothing. */
  readonly id: string
  /** True for the session that asks. */
  readonly current: boolean
  readonly created_at: string
  /** A minute exact. */
  readonly last_seen_at: string
  readonly ip: string
  readonly user_agent: string
}

/** One token in GET /api/tokens; times are ISO 8601, UTC. */
export interface TokenView {
  readonly id: string
  readonly name: string
  /** How it begins; with `last4` all that is ever shown of it again. */
  readonly prefix: string
  /** Last four characters of the token. */
  readonly last4: string
  /** Names of the models that it may call; null: all. */
  readonly models: readonly string[] | null
  /** Its own number of requests in the window of `/v1`; null: the general one. */
  readonly limit: number | null
  readonly quotas: readonly QuotaTerm[]
  /** To be sent with the next change. */
  readonly version: number
  readonly created_at: string
  /** Null: never. */
  readonly expires_at: string | null
  /** Ten minutes exact; null: never. */
  readonly last_used_at: string | null
}

/** One account in GET /admin/api/users. */
export interface UserView {
  readonly id: string
  readonly username: string
  readonly role: Role
  readonly state: UserCopy['state']
  /** Own limits: quota by name of the policy. */
  readonly limits: Readonly<Record<string, number>>
  /** True until the person has changed the password that an administrator gave. */
  readonly must_change: boolean
  /** ISO 8601, UTC; null: never. */
  readonly last_login_at: string | null
  /** Null while Redis is away. */
  readonly active_sessions: number | null
  /** To be repeated with a change: raised with each. */
  readonly version: number
}

/** One conversation in GET /api/conversations, newest first; times are ISO 8601, UTC. */
export interface ConversationView {
  readonly id: string
  /** Empty until its first message. */
  readonly title: string
  readonly created_at: string
  /** Of the last turn; a new title does not count. */
  readonly updated_at: string
}

/** GET /api/conversations/{id} */
export interface ConversationDetail extends ConversationView {
  /** The newest answer that is still being written, or null. */
  readonly active_generation: string | null
}

/** Body of POST /api/conversations (title optional) and PATCH /api/conversations/{id}. */
export interface ConversationTitle {
  readonly title: string
}

/** One message in GET /api/conversations/{id}/messages. */
export interface MessageView {
  readonly id: string
  /** Null: a beginning of the conversation. */
  readonly parent_id: string | null
  readonly role: 'user' | 'assistant'
  /** Empty while an answer is being written: its generation has the text. */
  readonly content: string
  readonly reasoning: string
  readonly state: 'open' | 'done' | 'stopped' | 'failed' | 'interrupted'
  readonly created_at: string
  /** The call that wrote it; for answers the generation. */
  readonly generation_id: string
  /** The model that answered, or was asked; null for questions. */
  readonly model: string | null
  /** Null for questions. */
  readonly ending: Ending | null
  readonly finish_reason: string | null
  /** Null for questions, and until the answer has ended. */
  readonly usage: ChatUsage | null
  readonly siblings: MessageSiblings
}

/** The messages with the same parent, oldest first; beyond 50 the newest ones and the message itself. */
export interface MessageSiblings {
  readonly ids: readonly string[]
  /** Index of the message in `ids`. */
  readonly position: number
}

/** One find in GET /api/conversations/search, newest first. */
export interface SearchHit {
  readonly conversation_id: string
  readonly title: string
  /** Null: the title was found. */
  readonly message_id: string | null
  readonly role: 'user' | 'assistant' | null
  readonly created_at: string
  /** The part of the text around the first find, on one line. */
  readonly snippet: string
  /** Places of what was searched in `snippet`: start and end in UTF-16 units, ascending. */
  readonly highlights: readonly (readonly [number, number])[]
}

/** POST /admin/api/users */
export interface MadeUser {
  readonly user: UserView
  /** To be told to the person, shown this once; null if the administrator chose it. */
  readonly password: string | null
}

/** POST /admin/api/users/{id}/reset-password */
export interface ResetPassword {
  /** To be told to the person, shown this once. */
  readonly password: string
}
