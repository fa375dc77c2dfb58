/**
 * Reads one `data:` of a chat completion stream, or a whole completion. Everything is checked, because the provider (or
 * whatever stands between) may send anything; unknown parts are ignored.
 */

import type { TokenCounts } from '../domain/price.ts'
import type { ChatChunk } from '../domain/upstream-event.ts'
import { Failure } from '../failure.ts'
import { isRecord } from './json-object.ts'
import { failureOfError } from './upstream-error.ts'

/** Counts beyond this are nonsense, and do not fit the columns of token_usage. */
const MAX_TOKENS = 2 ** 32 - 1

/** Longest provider id or model name we keep. */
const MAX_NAME = 100

/**
 * Returns the piece of the answer that an event holds. Usage is read in the three shapes seen in the
 * wild: null until the last chunk, only on the last chunk, or in an extra chunk without choices.
 * @throws {Failure} upstream_interrupted if the data is no JSON object; what the provider reports if
 *   it is an error
 */
export function parseChatChunk(data: string): ChatChunk {
  return parseChatEvent(data).chunk
}

/** Does the same, and returns whether the event holds a choice: one with the usage alone does not. */
export function parseChatEvent(data: string): { chunk: ChatChunk; hasChoice: boolean } {
  const event = parseObject(data)
  const choice = firstOf(event['choices'])
  return { chunk: pieceOf(event, choice, 'delta'), hasChoice: choice !== undefined }
}

/** Returns a completion that was not streamed as the one piece that it is. Throws like parseChatChunk. */
export function parseCompletion(body: string): ChatChunk {
  const completion = parseObject(body)
  return pieceOf(completion, firstOf(completion['choices']), 'message')
}

function pieceOf(
  object: Readonly<Record<string, unknown>>,
  choice: unknown,
  part: 'delta' | 'message',
): ChatChunk {
  if (isRecord(object['error'])) throw failureOfError(200, object['error'])
  const text = isRecord(choice) && isRecord(choice[part]) ? choice[part] : {}
  return {
    id: nameOf(object['id']),
    model: nameOf(object['model']),
    reasoning: textOf(text['reasoning_content']),
    content: textOf(text['content']),
    tools: toolText(text['tool_calls']),
    finishReason: isRecord(choice) ? nameOf(choice['finish_reason']) : null,
    usage: parseUsage(object['usage']),
  }
}

function firstOf(list: unknown): unknown {
  return Array.isArray(list) ? list[0] : undefined
}

function toolText(calls: unknown): string {
  if (!Array.isArray(calls)) return ''
  const called = calls.map((call) => member(call, 'function'))
  return called
    .map((one) => textOf(member(one, 'name')) + textOf(member(one, 'arguments')))
    .join('')
}

/** Returns the token counts of a usage object, or null if it is absent or makes no sense. */
export function parseUsage(value: unknown): TokenCounts | null {
  if (!isRecord(value)) return null
  const promptTokens = countOf(value['prompt_tokens'])
  const completionTokens = countOf(value['completion_tokens'])
  if (promptTokens === undefined || completionTokens === undefined) return null
  const cached =
    countOf(value['prompt_cache_hit_tokens']) ??
    countOf(member(value['prompt_tokens_details'], 'cached_tokens')) ??
    0
  const reasoning = countOf(member(value['completion_tokens_details'], 'reasoning_tokens')) ?? 0
  return {
    promptTokens,
    cachedTokens: Math.min(cached, promptTokens),
    completionTokens,
    reasoningTokens: Math.min(reasoning, completionTokens),
  }
}

/** The parser's own error is not kept: it quotes the text. */
function parseObject(data: string): Record<string, unknown> {
  let value: unknown
  try {
    value = JSON.parse(data)
  } catch {
    value = undefined
  }
  if (isRecord(value)) return value
  throw new Failure('upstream_interrupted', {}, { cause: new Error('chunk is no JSON object') })
}

function member(value: unknown, name: string): unknown {
  return isRecord(value) ? value[name] : undefined
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : ''
}

function nameOf(value: unknown): string | null {
  return typeof value === 'string' && value !== '' ? value.slice(0, MAX_NAME) : null
}

function countOf(value: unknown): number | undefined {
  return Number.isInteger(value) && Number(value) >= 0 && Number(value) <= MAX_TOKENS
    ? Number(value)
    : undefined
}
