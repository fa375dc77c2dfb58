/** Settling a call whose worker is gone, by what that worker had told of it. */

import type { PartialAnswer } from './partial-answer.ts'
import { costOf, type PriceBook } from './price.ts'
import type { Settlement } from './settlement-record.ts'
import { ESTIMATE_METHOD, type ReceivedTokens } from './token-estimate.ts'
import { chargedTokens, UNSERVED } from './usage-meter.ts'

/** An open row that nobody will settle any more. */
export interface AbandonedCall {
  readonly id: string
  readonly uid: string
  readonly messageId: string | null
  /** The model that was asked for. */
  readonly model: string
  /** Tokens. */
  readonly promptEstimate: number
  /** Unix milliseconds. */
  readonly startedAt: number
  /** How long the call ran for sure: up to the last sign of its worker. Milliseconds. */
  readonly seenMs: number
  /** How long nothing was heard of it. */
  readonly silentMs: number
}

const NOTHING_CAME: ReceivedTokens = { reasoning: 0, rest: 0 }

/** Only the prompt is charged, because nobody knows what was answered. */
export const PROMPT_ONLY = 'prompt-1'

/**
 * Returns the end of an abandoned call: `interrupted`, charged like any other for what came. Without a
 * partial answer that is the prompt, or nothing if the call is known to have never been sent.
 * @param at Unix milliseconds
 */
export function settleAbandoned(
  call: AbandonedCall,
  partial: PartialAnswer | 'never sent' | undefined,
  book: PriceBook,
  at: number,
): Settlement {
  const wasSent = partial !== 'never sent'
  const known = wasSent ? partial : undefined
  const { reasoning = '', content = '' } = known ?? {}
  const { tokens, estimated } = chargedTokens(
    known?.meter ?? UNSERVED,
    wasSent ? call.promptEstimate : 0,
    'interrupted',
    known?.received ?? NOTHING_CAME,
  )
  const model = known?.model ?? null
  const firstTokenMs = known?.firstTokenMs ?? null
  return {
    id: call.id,
    uid: call.uid,
    messageId: call.messageId,
    result: {
      ending: 'interrupted',
      finishReason: known?.finishReason ?? null,
      model,
      tokens,
      estimated,
      cost: costOf(book, model ?? call.model, call.startedAt, tokens),
      firstTokenMs,
      durationMs: Math.max(call.seenMs, firstTokenMs ?? 0),
      upstreamId: known?.upstreamId ?? null,
      traceId: known?.traceId ?? null,
      keyId: known?.keyId ?? null,
      reasoning,
      content,
    },
    estimateMethod: methodOf(estimated, known),
    at,
  }
}

function methodOf(estimated: boolean, partial: PartialAnswer | undefined): string | null {
  if (!estimated) return null
  return partial === undefined ? PROMPT_ONLY : ESTIMATE_METHOD
}
