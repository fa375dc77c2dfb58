/** Watches a call and says in the end how many tokens it was. */

import type { TokenCounts } from './price.ts'
import type { ReceivedTokens } from './token-estimate.ts'
import type { TurnEnding } from './turn.ts'
import type { ChatChunk } from './upstream-event.ts'

/** What a call has told of its tokens so far; plain data, so that another worker can settle by it. */
export interface MeterState {
  /** A piece of the answer came. */
  readonly served: boolean
  /** The provider's last count, if it sent one. */
  readonly usage: TokenCounts | null
  /** The count came with the finish reason or after it. */
  readonly isFinal: boolean
}

export interface UsageMeter {
  onChunk(chunk: ChatChunk): void
  state(): MeterState
}

export interface MeteredTokens {
  readonly tokens: TokenCounts
  readonly estimated: boolean
}

const NOTHING: TokenCounts = {
  promptTokens: 0,
  cachedTokens: 0,
  completionTokens: 0,
  reasoningTokens: 0,
}

export const UNSERVED: MeterState = { served: false, usage: null, isFinal: false }

export function createUsageMeter(): UsageMeter {
  let state = UNSERVED
  let finished = false
  return {
    onChunk({ finishReason, usage }) {
      if (finishReason !== null) finished = true
      if (usage !== null) state = { served: true, usage, isFinal: finished }
      else if (!state.served) state = { ...state, served: true }
    },
    state: () => state,
  }
}

/**
 * Returns the tokens to charge, given how the call ended and what of the answer arrived. The provider's count
 * holds if it came with the finish reason or after it. An earlier one is premature: its prompt is
 * taken over, its completion is at least what arrived. Without any, all is estimated. A provider that
 * failed before its first piece served nothing and costs nothing; a call that we ended ourselves is
 * charged for its prompt, or stopping early would be free.
 * @param promptEstimate tokens
 */
export function chargedTokens(
  { served, usage, isFinal }: MeterState,
  promptEstimate: number,
  ending: TurnEnding,
  received: ReceivedTokens,
): MeteredTokens {
  if (usage !== null && isFinal) return { tokens: usage, estimated: false }
  const failed = ending === 'upstream_error' || ending === 'timeout'
  if (failed && !served) return { tokens: NOTHING, estimated: false }
  const tokens: TokenCounts = {
    promptTokens: usage?.promptTokens ?? promptEstimate,
    cachedTokens: usage?.cachedTokens ?? 0,
    completionTokens: Math.max(usage?.completionTokens ?? 0, received.reasoning + received.rest),
    reasoningTokens: Math.max(usage?.reasoningTokens ?? 0, received.reasoning),
  }
  return { tokens, estimated: true }
}
