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
import { untilStop } from './stop-sequences.ts'
import { cycleTokens, splitTokens, type TokenRun, takeTokens } from './tokens.ts'
import {
  countFragments,
  countToolTokens,
  makeToolCalls,
  type ToolCall,
  takeToolCalls,
} from './tool-calls.ts'
import { makeUsage, type Usage } from './usage.ts'

/** A person can follow the words at this pace. */
const DEFAULT_DELAY_MS = 15

/** Sentences of reasoning when no directive says how many tokens. */
const REASONING_SENTENCES: Readonly<Record<Effort, number>> = { low: 1, high: 2, max: 3 }

export interface AnswerPlan {
  readonly reasoning: TokenRun
  readonly content: TokenRun
  /** After the content. */
  readonly calls: readonly ToolCall[]
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
  const words = reasoning.length + content.length
  const calls = takeToolCalls(wanted.calls, request.maxTokens - words)
  const total = words + countFragments(calls)
  const isWhole =
    total === wanted.reasoning.length + wanted.content.length + countFragments(wanted.calls)
  const { fault } = directives
  if (fault?.after === 'finish') {
    if (!request.stream) throw refusal(`${fault.kind}=finish needs a stream`)
  } else if (fault !== undefined && fault.after > total) {
    throw refusal(`${fault.kind}=${fault.after} is beyond the answer's ${total} tokens`)
  }
  const ownReason = calls.length > 0 ? 'tool_calls' : 'stop'
  return {
    reasoning,
    content,
    calls,
    finishReason: isWhole ? (directives.finish ?? ownReason) : 'length',
    usage: makeUsage(
      {
        prompt: request.promptTokens,
        cached: Math.min(cachedTokens, request.promptTokens),
        reasoning: reasoning.length,
        content: content.length,
        tools: countToolTokens(calls),
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
): Pick<AnswerPlan, 'reasoning' | 'content' | 'calls'> {
  const prose = answerTo(withoutDirectives(lastQuestion(request)))
  const calls = chooseCalls(request, directives)
  // Who calls a tool says nothing beside it unless it is told to.
  const silent = calls.length > 0 && directives.tokens === undefined
  const text = directives.text ?? (silent ? '' : prose.content)
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
    content: untilStop(cycleTokens(tokens, directives.tokens), request.stops),
    calls,
  }
}

function chooseCalls({ offer }: ChatRequest, directives: Directives): readonly ToolCall[] {
  const count = directives.tools ?? (offer.choice === 'required' ? 1 : 0)
  if (count > 0 && directives.tools !== undefined) {
    if (offer.tools.length === 0) throw refusal('tools needs a request with tools')
    if (offer.choice === 'none') throw refusal('tools needs another tool_choice than none')
  }
  return makeToolCalls(offer.tools, count)
}
