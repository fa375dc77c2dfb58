/** POST /chat/completions */

import { accountOf, authenticate, type ConcurrencyGuard, requireBalance } from './account.ts'
import { answerHeaders, streamHeaders } from './answer-headers.ts'
import { type AnswerPlan, lastQuestion, planAnswer } from './answer-plan.ts'
import { type ChatRequest, readChatRequest } from './chat-request.ts'
import { createChunks } from './chunks.ts'
import { type Directives, parseDirectives } from './directives.ts'
import type { Exchange } from './exchange.ts'
import type { PromptCache } from './prompt.ts'
import { type ScriptedStatus, scriptedAnswer } from './scripted-status.ts'
import { streamAnswer } from './stream-answer.ts'
import { sendWholeAnswer } from './whole-answer.ts'

export interface ChatDeps {
  /** Unix milliseconds. */
  readonly now: () => number
  readonly guard: ConcurrencyGuard
  readonly cache: PromptCache
}

/** @throws {ApiError} for every answer other than 200 that is not scripted */
export async function serveChat(deps: ChatDeps, exchange: Exchange, id: string): Promise<void> {
  const key = authenticate(exchange.headers.authorization)
  requireBalance(key)
  const request = readChatRequest(exchange.body)
  const directives = parseDirectives(lastQuestion(request))
  exchange.outlet.signal.throwIfAborted()
  const leave = deps.guard.enter(key, request.model, directives.concurrency)
  exchange.outlet.signal.addEventListener('abort', leave, { once: true })

  if (directives.status !== undefined) {
    return sendScripted(exchange, directives, directives.status, key)
  }
  const cached = deps.cache.hit(`${request.model.id} ${accountOf(key)}`, request.messages)
  const plan = planAnswer(request, directives, cached)
  await exchange.outlet.wait(plan.headersMs)
  return play(deps, exchange, id, request, plan)
}

function play(
  deps: ChatDeps,
  exchange: Exchange,
  id: string,
  request: ChatRequest,
  plan: AnswerPlan,
): Promise<void> {
  const { outlet, record, traceId } = exchange
  const { model, thinking, logprobs } = request
  const answer = { id, created: Math.floor(deps.now() / 1000), model, thinking, logprobs }
  const last = plan.fault?.kind === 'cut'
  record.usage = plan.usage
  if (request.stream) {
    outlet.start(200, streamHeaders(traceId), last)
    record.status = 200
    return streamAnswer(outlet, plan, createChunks(answer, request.includeUsage), record)
  }
  return sendWholeAnswer(outlet, plan, answer, record, () => {
    outlet.start(200, answerHeaders('application/json', traceId), last)
    record.status = 200
  })
}

async function sendScripted(
  exchange: Exchange,
  directives: Directives,
  status: ScriptedStatus,
  key: string,
): Promise<void> {
  const { outlet, record, traceId } = exchange
  await outlet.wait(directives.headersMs ?? 0)
  const { contentType, body } = scriptedAnswer(status, key)
  const retryAfter = directives.retryAfterSeconds
  outlet.start(status, {
    ...answerHeaders(contentType, traceId),
    ...(retryAfter !== undefined && { 'retry-after': String(retryAfter) }),
  })
  record.status = status
  outlet.end(status === 200 ? 'complete' : 'error_status', body)
}
