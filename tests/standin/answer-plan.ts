/** What will be answered, at which pace, and what goes wrong on the way. Decided before the first byte. */

import type { ChatRequest, Effort } from './chat-request.ts'
import { refusal } from './directive-values.ts'
import {
  type Directives,
  type Fault,
  type FinishReason,
  type Frame,
  type UsageMode,
  withoutDirectives,
} from './directives.ts'
import { answerTo } from './prose.ts'
import { cycleTokens, splitTokens, type TokenRun, takeTokens } from './tokens.ts'
import { makeUsage, type Usage } from './usage.ts'

/** A person can follow the words at this pace. */
const DEFAULT_DELAY_MS = 15

/** Sentences of reasoning when no directive says how many tokens. */
const REASONING_SENTENCES: Readonly<Record<Effort, number>> = { low: 1, high: 2, max: 3 }

export interface AnswerPlan {
  readonly reasoning: TokenRun
  readonly content: TokenRun
  readonly finishReason: FinishReason
  readonly usage: Usage
  readonly usageMode: UsageMode
  /** From the request's end to the status line. */
  readonly headersMs: number
  /** From the status line to the first token. */
  readonly firstMs: number
  /** Between two tokens. */
  readonly delayMs: number
  /** Silence after which a keep-alive is sent; undefined for none. */
  readonly keepaliveMs: number | undefined
  readonly frame: Frame
  readonly fault: Fault | undefined
}

/**
 * Returns the plan for a request.
 * @param cachedTokens prompt tokens that the cache knew
 * @throws {ApiError} 400 if a fault would come after the last token
 */
export function planAnswer(
  request: ChatRequest,
  directives: Directives,
  cachedTokens: number,
): AnswerPlan {
  const wanted = chooseTokens(request, directives)
  const reasoning = takeTokens(wanted.reasoning, request.maxTokens)
  const content = takeTokens(wanted.content, request.maxTokens - reasoning.length)
  const total = reasoning.length + content.length
  const truncated = total < wanted.reasoning.length + wanted.content.length
  const { fault } = directives
  if (fault !== undefined && fault.afterTokens > total) {
    throw refusal(`${fault.kind}=${fault.afterTokens} is beyond the answer's ${total} tokens`)
  }
  return {
    reasoning,
    content,
    finishReason: truncated ? 'length' : (directives.finish ?? 'stop'),
    usage: makeUsage(
      {
        prompt: request.promptTokens,
        cached: Math.min(cachedTokens, request.promptTokens),
        reasoning: reasoning.length,
        content: content.length,
      },
      request.thinking,
    ),
    usageMode: directives.usage ?? 'last',
    headersMs: directives.headersMs ?? 0,
    firstMs: directives.firstMs ?? 0,
    delayMs: directives.delayMs ?? DEFAULT_DELAY_MS,
    keepaliveMs: directives.keepaliveMs,
    frame: directives.frame ?? 'lf',
    fault,
  }
}

/** Returns the last message that a person wrote, or an empty text. */
export function lastQuestion(request: ChatRequest): string {
  return request.messages.findLast((message) => message.role === 'user')?.text ?? ''
}

function chooseTokens(
  request: ChatRequest,
  directives: Directives,
): Pick<AnswerPlan, 'reasoning' | 'content'> {
  const prose = answerTo(withoutDirectives(lastQuestion(request)))
  const text = directives.text ?? prose.content
  const tokens = splitTokens(request.json ? JSON.stringify({ answer: text }) : text)
  if (tokens.length === 0 && (directives.tokens ?? 0) > 0) {
    throw refusal('tokens needs a text that is not empty')
  }
  const { effort, thinking } = request
  const wanted = directives.reasoning
  const sentences = wanted === undefined ? REASONING_SENTENCES[effort] : prose.reasoning.length
  const reasoning = splitTokens(prose.reasoning.slice(0, sentences).join(''))
  return {
    reasoning: thinking ? cycleTokens(reasoning, wanted) : cycleTokens([]),
    content: cycleTokens(tokens, directives.tokens),
  }
}
