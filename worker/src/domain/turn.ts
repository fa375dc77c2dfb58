/** One question and its answer: what is known before the model is called, and how it ended. */

import type { Ending } from '#contract/api.ts'
import type { ChatEvents, ChatUsage } from '#contract/chat-events.ts'
import type { Cost, TokenCounts } from './price.ts'
import type { ChatCall } from './upstream-event.ts'

/** A turn that is stored: its messages and its open usage row exist. */
export interface Turn {
  /** Id of the generation and of everything it leaves behind; the request id of the POST. */
  readonly id: string
  /** users.id of the owner, decimal; the other ids are decimal too. */
  readonly uid: string
  readonly conversationId: string
  readonly userMessageId: string
  /** The message that receives the answer. */
  readonly messageId: string
  readonly call: ChatCall
  /** Estimated tokens of the prompt. */
  readonly promptEstimate: number
  /** Unix milliseconds. */
  readonly startedAt: number
}

/** `client_gone` is for programs: an answer to a person goes on when the page is closed. */
export type TurnEnding = Exclude<Ending, 'open'>

/** What is left of a turn when it has ended; stored once. */
export interface TurnResult {
  readonly ending: TurnEnding
  readonly finishReason: string | null
  /** The model that answered, or null if none did. */
  readonly model: string | null
  readonly tokens: TokenCounts
  /** True if `tokens` is our estimate. */
  readonly estimated: boolean
  readonly cost: Cost
  readonly firstTokenMs: number | null
  readonly durationMs: number
  readonly upstreamId: string | null
  readonly traceId: string | null
  /** api_keys.id of the key that was accepted; null if none was. */
  readonly keyId: string | null
  readonly reasoning: string
  readonly content: string
}

/** Returns the first event of an answer. */
export function startView(turn: Turn): ChatEvents['start'] {
  return {
    generation_id: turn.id,
    conversation_id: turn.conversationId,
    user_message_id: turn.userMessageId,
    message_id: turn.messageId,
    model: turn.call.model,
    request_id: turn.id,
  }
}

/** Returns the usage as clients see it. */
export function usageView(turn: Turn, result: TurnResult): ChatUsage {
  const { tokens } = result
  return {
    model: result.model ?? turn.call.model,
    prompt_tokens: tokens.promptTokens,
    cached_tokens: tokens.cachedTokens,
    completion_tokens: tokens.completionTokens,
    reasoning_tokens: tokens.reasoningTokens,
    total_tokens: tokens.promptTokens + tokens.completionTokens,
    estimated: result.estimated,
    cost: result.cost.cost,
    currency: result.cost.currency,
    first_token_ms: result.firstTokenMs,
    duration_ms: result.durationMs,
  }
}
