/** The end of a call as it is stored: at once in MySQL, or in a spool until MySQL takes it. */

import { z } from 'zod'
import { ESTIMATE_METHOD } from './token-estimate.ts'
import type { TurnResult } from './turn.ts'

/** Everything that settles one call, however late. */
export interface Settlement {
  /** Request id of the call; its open row has it too. */
  readonly id: string
  /** users.id of the owner, decimal; the other ids are decimal too. */
  readonly uid: string
  /** The message that receives the answer; null if the call has none. */
  readonly messageId: string | null
  readonly result: TurnResult
  /** How the tokens were estimated; null if they were counted. */
  readonly estimateMethod: string | null
  /** When the call ended, Unix milliseconds. */
  readonly at: number
}

/** A call whose end is to be kept. */
export interface EndedCall {
  /** Request id. */
  readonly id: string
  readonly uid: string
  /** Absent for calls that belong to no conversation. */
  readonly messageId?: string
}

export function settlementOf(call: EndedCall, result: TurnResult, at: number): Settlement {
  return {
    id: call.id,
    uid: call.uid,
    messageId: call.messageId ?? null,
    result,
    estimateMethod: result.estimated ? ESTIMATE_METHOD : null,
    at,
  }
}

const count = z.int().min(0)
const decimalId = z.string().regex(/^[1-9]\d{0,19}$/)

/** Fields that a newer version adds are ignored. */
const Record: z.ZodType<Settlement> = z.object({
  id: z.string().regex(/^[0-9a-f]{32}$/),
  uid: decimalId,
  messageId: decimalId.nullable(),
  result: z.object({
    ending: z.enum(['done', 'stopped', 'client_gone', 'upstream_error', 'timeout', 'interrupted']),
    finishReason: z.string().nullable(),
    model: z.string().nullable(),
    tokens: z.object({
      promptTokens: count,
      cachedTokens: count,
      completionTokens: count,
      reasoningTokens: count,
    }),
    estimated: z.boolean(),
    cost: z.object({
      cost: z.string().regex(/^\d+(?:\.\d+)?$/),
      currency: z.string().length(3),
      priced: z.boolean(),
    }),
    firstTokenMs: count.nullable(),
    durationMs: count,
    upstreamId: z.string().nullable(),
    traceId: z.string().nullable(),
    keyId: decimalId.nullable(),
    reasoning: z.string(),
    content: z.string(),
  }),
  estimateMethod: z.string().nullable(),
  at: count,
})

/** Returns the settlement as one line of JSON. */
export function encodeSettlement(settlement: Settlement): string {
  return JSON.stringify(settlement)
}

/** Returns the settlement that a text holds, or undefined if it holds none. */
export function decodeSettlement(text: string): Settlement | undefined {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return undefined
  }
  const parsed = Record.safeParse(value)
  return parsed.success ? parsed.data : undefined
}
