/** Plays an answer plan as one JSON body. */

import type { AnswerPlan } from './answer-plan.ts'
import { errorBody } from './api-error.ts'
import { type AnswerFrame, completionBody } from './chunks.ts'
import type { RequestRecord } from './journal.ts'
import type { Outlet } from './outlet.ts'
import { interrupted } from './stream-answer.ts'
import { listTokens } from './tokens.ts'
import { countFragments } from './tool-calls.ts'

/**
 * Waits as long as a stream of the same plan would take, then sends the body.
 * @param startOk sends status 200 and its headers; with keep-alives that happens before the wait,
 *   because under load the provider sends headers and empty lines first
 */
export async function sendWholeAnswer(
  outlet: Outlet,
  plan: AnswerPlan,
  answer: AnswerFrame,
  record: RequestRecord,
  startOk: () => void,
): Promise<void> {
  const { fault, keepaliveMs } = plan
  const keepAlive = keepaliveMs === undefined ? undefined : { everyMs: keepaliveMs, bytes: '\n' }
  if (keepAlive !== undefined) startOk()
  const all = plan.reasoning.length + plan.content.length + countFragments(plan.calls)
  const tokens = typeof fault?.after === 'number' ? fault.after : all
  await outlet.wait(plan.firstMs + tokens * plan.delayMs, keepAlive)
  switch (fault?.kind) {
    case 'stall':
      return outlet.wait(Number.POSITIVE_INFINITY, keepAlive)
    case 'reset':
      return outlet.reset()
    case 'error':
      if (!outlet.started) throw interrupted()
      outlet.end('error_event', errorBody(interrupted()))
      return
    case 'cut':
      if (!outlet.started) startOk()
      outlet.end('cut')
      return
    case undefined: {
      if (!outlet.started) startOk()
      const { reasoning, content, calls, finishReason } = plan
      const text = { reasoning: listTokens(reasoning), content: listTokens(content), calls }
      const reported = plan.usageMode === 'none' ? undefined : plan.usage
      const room = outlet.write(completionBody(answer, text, finishReason, reported))
      record.tokens_sent.reasoning = reasoning.length
      record.tokens_sent.content = content.length
      record.tool_tokens_sent = countFragments(calls)
      record.usage_reported = reported !== undefined
      await room
      outlet.end('complete')
    }
  }
}
