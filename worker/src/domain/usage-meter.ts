/** Watches a call and says in the end how many tokens it was. */

import type { TokenCounts } from './price.ts'
import { estimateTokens } from './token-estimate.ts'
import type { TurnEnding } from './turn.ts'
import type { ChatChunk } from './upstream-event.ts'

export interface UsageMeter {
  onChunk(chunk: ChatChunk): void
  /** Returns the tokens to charge, given how the call ended and what text arrived. */
  read(ending: TurnEnding, reasoning: string, content: string): MeteredTokens
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

/**
 * The provider's count holds if it came with the finish reason or after it. An earlier one is
 * premature: its prompt is taken over, its completion is at least what arrived. Without any, all is
 * estimated. A provider that failed before its first piece served nothing and costs nothing; a call
 * that we ended ourselves is charged for its prompt, or stopping early would be free.
 * @param promptEstimate tokens
 */
export function createUsageMeter(promptEstimate: number): UsageMeter {
  let served = false
  let finished = false
  let usage: TokenCounts | null = null
  let isFinal = false

  return {
    onChunk(chunk) {
      served = true
      if (chunk.finishReason !== null) finished = true
      if (chunk.usage === null) return
      usage = chunk.usage
      isFinal = finished
    },

    read(ending, reasoning, content) {
      if (usage !== null && isFinal) return { tokens: usage, estimated: false }
      const failed = ending === 'upstream_error' || ending === 'timeout'
      if (failed && !served) return { tokens: NOTHING, estimated: false }
      const reasoningTokens = estimateTokens(reasoning)
      const received: TokenCounts = {
        promptTokens: usage?.promptTokens ?? promptEstimate,
        cachedTokens: usage?.cachedTokens ?? 0,
        completionTokens: Math.max(
          usage?.completionTokens ?? 0,
          reasoningTokens + estimateTokens(content),
        ),
        reasoningTokens: Math.max(usage?.reasoningTokens ?? 0, reasoningTokens),
      }
      return { tokens: received, estimated: true }
    },
  }
}
