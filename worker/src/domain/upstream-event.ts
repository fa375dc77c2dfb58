/** What a model call tells while it runs, whoever the provider is. */

import type { TokenCounts } from './price.ts'

/** The provider answered 200: from here on the prompt may be billed. */
export interface Accepted {
  readonly kind: 'accepted'
  readonly traceId: string | null
  /** api_keys.id of the key that the call went out with in the end. */
  readonly keyId: string
}

export type UpstreamEvent = Accepted | ({ readonly kind: 'chunk' } & ChatChunk)

/** A call whose answer is passed on as it is. */
export interface ForwardCall {
  /** Sent to the provider as X-Request-Id. */
  readonly requestId: string
  /** JSON. */
  readonly body: string
  readonly stream: boolean
  /** Whether an event that holds nothing but the usage is wanted: not every client can read it. */
  readonly wantsUsage: boolean
}

/** What a call tells whose answer is passed on as it is. */
export type ForwardEvent =
  | Accepted
  /** Comments: the provider is there, and has nothing to say yet. */
  | { readonly kind: 'alive'; readonly bytes: Uint8Array }
  | ForwardedPiece

/** Bytes of the answer, whole events, and what they say; with `end` nothing follows. */
export interface ForwardedPiece {
  readonly kind: 'piece' | 'end'
  readonly bytes: Uint8Array
  readonly chunks: readonly ChatChunk[]
}

/** One piece of a streamed answer; what a piece does not hold is empty or null. */
export interface ChatChunk {
  /** The provider's id of the answer. */
  readonly id: string | null
  /** The model that answers; may differ from the one asked for. */
  readonly model: string | null
  readonly reasoning: string
  readonly content: string
  /** Names and arguments of tool calls. */
  readonly tools: string
  readonly finishReason: string | null
  readonly usage: TokenCounts | null
}

export interface PromptMessage {
  readonly role: 'user' | 'assistant'
  readonly content: string
}

export type Effort = 'low' | 'high' | 'max'

/** One call, as the worker asks for it. */
export interface ChatCall {
  /** Sent to the provider as X-Request-Id. */
  readonly requestId: string
  readonly model: string
  readonly messages: readonly PromptMessage[]
  readonly thinking: boolean
  readonly effort: Effort
  /** The most tokens that the answer may have, reasoning included; absent: the provider's own bound. */
  readonly maxTokens?: number
  /** Opaque name of the user: the provider keeps its cache and its safety record apart by it. */
  readonly user: string
}
