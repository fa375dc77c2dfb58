/** Plays an answer plan as one JSON body. */

import type { AnswerPlan } from './answer-plan.ts'
import { errorBody } from './api-error.ts'
import { type AnswerFrame, completionBody } from './chunks.ts'
import type { RequestRecord } from './journal.ts'
import type { Outlet } from './outlet.ts'
import { interrupted } from './stream-answer.ts'
import { joinTokens } from './tokens.ts'

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
  const tokens = fault?.afterTokens ?? plan.reasoning.length + plan.content.length
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
      const text = { reasoning: joinTokens(plan.reasoning), content: joinTokens(plan.content) }
      const reported = plan.usageMode === 'none' ? undefined : plan.usage
      const room = outlet.write(completionBody(answer, text, plan.finishReason, reported))
      record.tokens_sent.reasoning = plan.reasoning.length
      record.tokens_sent.content = plan.content.length
      record.usage_reported = reported !== undefined
      await room
      outlet.end('complete')
    }
  }
}
