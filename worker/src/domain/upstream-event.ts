/** What a model call tells while it runs, whoever the provider is. */

import type { TokenCounts } from './price.ts'

export type UpstreamEvent =
  /** The provider answered 200: from here on the prompt may be billed. */
  | {
      readonly kind: 'accepted'
      readonly traceId: string | null
      /** api_keys.id of the key that the call went out with in the end. */
      readonly keyId: string
    }
  | ({ readonly kind: 'chunk' } & ChatChunk)

/** One piece of a streamed answer; what a piece does not hold is empty or null. */
export interface ChatChunk {
  /** The provider's id of the answer. */
  readonly id: string | null
  /** The model that answers; may differ from the one asked for. */
  readonly model: string | null
  readonly reasoning: string
  readonly content: string
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
