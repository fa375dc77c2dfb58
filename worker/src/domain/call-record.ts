/** What one call of the model tells of itself while it runs, and what is left of it in the end. */

import type { Logger } from 'pino'
import { Failure } from '../failure.ts'
import type { PartialAnswer } from './partial-answer.ts'
import type { Cost, TokenCounts } from './price.ts'
import type { ReceivedTokens } from './token-estimate.ts'
import type { TurnEnding, TurnResult } from './turn.ts'
import type { Accepted, ChatChunk } from './upstream-event.ts'
import { chargedTokens, createUsageMeter } from './usage-meter.ts'

/** A call as it was begun. */
export interface BegunCall {
  /** Request id. */
  readonly id: string
  readonly uid: string
  /** The model that was asked for. */
  readonly model: string
  /** Estimated tokens of the prompt. */
  readonly promptEstimate: number
  /** Unix milliseconds. */
  readonly startedAt: number
}

export interface CallRecordPorts {
  readonly price: (model: string, startedAt: number, tokens: TokenCounts) => Cost
  /** Unix milliseconds. */
  readonly now: () => number
  readonly log: Logger
}

/** What a call has told beside its text. */
export type CallProgress = Omit<PartialAnswer, 'reasoning' | 'content' | 'received'>

export interface CallRecord {
  onAccepted(event: Accepted): void
  onChunk(chunk: ChatChunk): void
  progress(): CallProgress
  /** Writes down why the call failed, and returns what that means. */
  failed(error: unknown): { readonly ending: TurnEnding; readonly failure: Failure }
  /** Returns what is left of the call, ended this way after so much of an answer, but for its text. */
  result(ending: TurnEnding, received: ReceivedTokens): Omit<TurnResult, 'reasoning' | 'content'>
}

export function createCallRecord(
  call: BegunCall,
  { price, now, log }: CallRecordPorts,
): CallRecord {
  const meter = createUsageMeter()
  let finishReason: string | null = null
  let model: string | null = null
  let upstreamId: string | null = null
  let traceId: string | null = null
  let keyId: string | null = null
  let firstTokenMs: number | null = null

  function elapsed(): number {
    return Math.max(0, now() - call.startedAt)
  }

  function progress(): CallProgress {
    const seen = { finishReason, model, firstTokenMs, upstreamId, traceId, keyId }
    return { ...seen, meter: meter.state() }
  }

  return {
    onAccepted(event) {
      traceId = event.traceId
      keyId = event.keyId
    },

    onChunk(chunk) {
      meter.onChunk(chunk)
      upstreamId ??= chunk.id
      model ??= chunk.model
      finishReason = chunk.finishReason ?? finishReason
      if (chunk.reasoning !== '' || chunk.content !== '' || chunk.tools !== '') {
        firstTokenMs ??= elapsed()
      }
    },

    progress,

    failed(error) {
      const failure =
        error instanceof Failure ? error : new Failure('internal', {}, { cause: error })
      const { code, cause } = failure
      log.warn({ requestId: call.id, uid: call.uid, code, err: cause }, 'model call failed')
      return { ending: code === 'upstream_timeout' ? 'timeout' : 'upstream_error', failure }
    },

    result(ending, received) {
      const { meter: state, ...seen } = progress()
      const { tokens, estimated } = chargedTokens(state, call.promptEstimate, ending, received)
      const cost = price(model ?? call.model, call.startedAt, tokens)
      if (!cost.priced) log.warn({ requestId: call.id, model }, 'no price for this model')
      return { ending, ...seen, tokens, estimated, cost, durationMs: elapsed() }
    },
  }
}
