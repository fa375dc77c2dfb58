/**
 * The events of a streamed answer (POST /api/chat). On the wire each is an SSE event whose `event`
 * is the key here and whose `data` is the value as JSON. Delta events carry
 * `id: r<reasoning bytes>.c<content bytes>`: the UTF-8 bytes sent so far, from which a client resumes.
 */

import type { Problem } from './problem.ts'

export interface ChatEvents {
  /** First event: the call is admitted and recorded. */
  readonly start: {
    readonly generation_id: string
    readonly conversation_id: string
    readonly user_message_id: string
    readonly message_id: string
    readonly model: string
    readonly request_id: string
  }
  readonly reasoning: { readonly text: string }
  readonly content: { readonly text: string }
  /** Once, before `done`, or before `error` when something was answered. */
  readonly usage: ChatUsage
  /** Terminal: the answer is whole, or was stopped by its owner. */
  readonly done: { readonly finish_reason: string | null; readonly ending: 'done' | 'stopped' }
  /** Terminal: the answer failed after the stream had begun; what came so far is kept. */
  readonly error: Problem
}

export interface ChatUsage {
  readonly model: string
  readonly prompt_tokens: number
  readonly cached_tokens: number
  readonly completion_tokens: number
  readonly reasoning_tokens: number
  readonly total_tokens: number
  readonly estimated: boolean
  /** Decimal string in `currency`. */
  readonly cost: string
  readonly currency: string
  readonly first_token_ms: number | null
  readonly duration_ms: number
}

/**
 * Body of POST /api/chat. A message goes on from the conversation's newest answer, or from the answer
 * that `parent_id` names; null makes it another beginning. So a question is edited by sending the new
 * text with the parent of the old. With `regenerate` there is no message: `parent_id` names the question
 * that is answered once more.
 */
export interface ChatRequest {
  readonly message?: string
  readonly conversation_id?: string
  readonly parent_id?: string | null
  readonly regenerate?: boolean
  readonly model?: string
  /** Default false. */
  readonly thinking?: boolean
  readonly effort?: 'low' | 'high' | 'max'
  /** Default true. */
  readonly stream?: boolean
}

/** Answer of POST /api/chat with `stream: false`. */
export interface ChatAnswer {
  readonly generation_id: string
  readonly conversation_id: string
  readonly user_message_id: string
  readonly message_id: string
  readonly content: string
  readonly reasoning: string
  readonly finish_reason: string | null
  readonly usage: ChatUsage
}

/** Position in an answer in UTF-8 bytes, as SSE id. */
export function formatPosition(reasoningBytes: number, contentBytes: number): string {
  return `r${reasoningBytes}.c${contentBytes}`
}
