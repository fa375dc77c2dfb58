/** Plays an answer plan as server-sent events. */

import { setImmediate as nextTurn } from 'node:timers/promises'
import type { AnswerPlan } from './answer-plan.ts'
import { ApiError, errorBody } from './api-error.ts'
import type { Chunks } from './chunks.ts'
import type { RequestRecord } from './journal.ts'
import type { KeepAlive, Outlet } from './outlet.ts'
import { createFraming, type SseFraming } from './sse-framing.ts'
import { countFragments } from './tool-calls.ts'
import { makeUsage } from './usage.ts'

/** Without a delay events are sent together up to this many characters. */
const BATCH_CHARS = 32_768

/** Sends the whole stream after the headers, or until the plan's fault or the client ends it. */
export async function streamAnswer(
  outlet: Outlet,
  plan: AnswerPlan,
  chunks: Chunks,
  record: RequestRecord,
): Promise<void> {
  const framing = createFraming(plan.frame)
  const keepAlive = plan.keepaliveMs === undefined ? undefined : framing.keepAlive(plan.keepaliveMs)
  await outlet.wait(plan.firstMs, keepAlive)
  await sendTokens(outlet, plan, chunks, record, framing, keepAlive)
  if (plan.fault?.after === 'finish') {
    await framing.send(outlet, finishing(plan, chunks, framing))
    record.usage_reported = ridesOnFinish(plan)
  }
  switch (plan.fault?.kind) {
    case 'cut':
      outlet.end('cut')
      return
    case 'reset':
      return outlet.reset()
    case 'stall':
      return outlet.wait(Number.POSITIVE_INFINITY, keepAlive)
    case 'error':
      await framing.send(outlet, framing.event(errorBody(interrupted())))
      outlet.end('error_event')
      return
    case undefined:
      await framing.send(outlet, closing(plan, chunks, framing))
      record.usage_reported = plan.usageMode !== 'none'
      outlet.end('complete')
  }
}

/** The error event of the `error` directive; on a whole answer it is the status 500. */
export function interrupted(): ApiError {
  return new ApiError(500, 'Server Error', 'unknown_error')
}

/** The first token of an answer carries the opening chunk with it: no token, no opening. */
async function sendTokens(
  outlet: Outlet,
  plan: AnswerPlan,
  chunks: Chunks,
  record: RequestRecord,
  framing: SseFraming,
  keepAlive: KeepAlive | undefined,
): Promise<void> {
  const words = plan.reasoning.length + plan.content.length
  const after = plan.fault?.after
  const end = typeof after === 'number' ? after : words + countFragments(plan.calls)
  const batchChars = plan.frame === 'bytes' ? 1 : BATCH_CHARS
  const began = performance.now()
  let next = 0
  while (next < end) {
    const elapsed = performance.now() - began
    const due = plan.delayMs === 0 ? end : Math.min(end, Math.floor(elapsed / plan.delayMs) + 1)
    if (next >= due) {
      await outlet.wait(next * plan.delayMs - elapsed, keepAlive)
      continue
    }
    const first = next
    let events = next === 0 ? opening(plan, chunks, framing) : ''
    do {
      events += tokenEvents(plan, chunks, framing, next)
      next += 1
    } while (next < due && events.length < batchChars)
    const room = framing.send(outlet, events)
    const reasoning = Math.max(0, Math.min(next, plan.reasoning.length) - first)
    const calls = Math.max(0, next - Math.max(first, words))
    record.tokens_sent.reasoning += reasoning
    record.tokens_sent.content += next - first - reasoning - calls
    record.tool_tokens_sent += calls
    await room
    // Other connections get their turn, and a client that left is noticed.
    if (next < due) await nextTurn()
  }
}

function tokenEvents(plan: AnswerPlan, chunks: Chunks, framing: SseFraming, index: number): string {
  const { reasoning, content } = plan
  if (index < reasoning.length) return framing.event(chunks.reasoning(reasoning.at(index)))
  const at = index - reasoning.length
  if (at < content.length) return framing.event(chunks.content(content.at(at)))
  return callEvents(plan, chunks, framing, at - content.length)
}

/** The first piece of a call's arguments brings its opening with it. */
function callEvents(
  { calls }: AnswerPlan,
  chunks: Chunks,
  framing: SseFraming,
  at: number,
): string {
  let piece = at
  const index = calls.findIndex(({ fragments }) => {
    if (piece < fragments.length) return true
    piece -= fragments.length
    return false
  })
  const { name = '', fragments = [] } = calls[index] ?? {}
  const rest = framing.event(chunks.callArguments(index, fragments[piece] ?? ''))
  return piece > 0 ? rest : framing.event(chunks.call(index, name)) + rest
}

/** With `usage=early` the opening chunk has a premature count, as if nothing would be answered. */
function opening(plan: AnswerPlan, chunks: Chunks, framing: SseFraming): string {
  const { usage } = plan
  const premature = makeUsage(
    {
      prompt: usage.prompt_tokens,
      cached: usage.prompt_cache_hit_tokens,
      reasoning: 0,
      content: 0,
      tools: 0,
    },
    usage.completion_tokens_details !== undefined,
  )
  return framing.event(chunks.opening(plan.usageMode === 'early' ? premature : undefined))
}

function closing(plan: AnswerPlan, chunks: Chunks, framing: SseFraming): string {
  return [
    finishing(plan, chunks, framing),
    ...(plan.usageMode === 'extra' ? [framing.event(chunks.usageOnly(plan.usage))] : []),
    framing.event('[DONE]'),
  ].join('')
}

/** The finish chunk; of an empty answer it brings the opening with it. */
function finishing(plan: AnswerPlan, chunks: Chunks, framing: SseFraming): string {
  const { usage, finishReason } = plan
  const empty = usage.completion_tokens === 0
  const finish = chunks.finish(finishReason, ridesOnFinish(plan) ? usage : undefined)
  return (empty ? opening(plan, chunks, framing) : '') + framing.event(finish)
}

function ridesOnFinish({ usageMode }: AnswerPlan): boolean {
  return usageMode === 'last' || usageMode === 'early'
}
