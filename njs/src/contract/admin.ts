/** Bodies of what administrators do with accounts, keys, prices and running answers. */

import type { KeyTest } from './key-state.ts'

/** POST /admin/api_key */
export interface SavedKey {
  readonly id: string
  readonly alias: string
  readonly last4: string
  /** Where calls take it. */
  readonly base_url: string
}

/** A line of POST /admin/api/keys/test, one for each key. */
export interface KeyTestLine extends KeyTest {
  readonly id: string
  readonly alias: string
}

/** POST /admin/api/users/{id}/reset-link */
export interface ResetLink {
  /** To be told to the person, shown this once: path of the page, the token behind `#`. */
  readonly path: string
  /** ISO 8601, UTC. */
  readonly expires_at: string
}

/** One dated price of a model, per 1,000,000 tokens; amounts are decimal strings. */
export interface PriceView {
  readonly id: string
  readonly model: string
  readonly currency: string
  /** ISO 8601, UTC. */
  readonly valid_from: string
  readonly tier: 'peak' | 'off_peak'
  /** Prompt tokens found in the provider's cache. */
  readonly hit: string
  /** Other prompt tokens. */
  readonly miss: string
  readonly output: string
  /** `current` charges calls that begin now; `past` did, `future` will. */
  readonly standing: 'past' | 'current' | 'future'
}

/** A day that is off-peak all day; Beijing dates, YYYY-MM-DD. */
export interface HolidayView {
  readonly day: string
  readonly name: string
}

/** A call that runs, in GET /admin/api/generations. */
export interface GenerationView {
  readonly id: string
  readonly user_id: string
  readonly username: string
  /** Null: a call of a program. */
  readonly conversation_id: string | null
  /** As it was asked for. */
  readonly model: string
  readonly key_alias: string | null
  /** Name of the worker that runs it. */
  readonly worker: string
  /** ISO 8601, UTC. */
  readonly started_at: string
  /** Since then. */
  readonly seconds: number
}
