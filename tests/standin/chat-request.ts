/** The body of POST /chat/completions, checked as the provider checks it. */

import { ApiError, maxTokensOutOfRange } from './api-error.ts'
import { createJsonReader, isObject, type JsonReader } from './json-reader.ts'
import { readLogprobs } from './logprobs.ts'
import { type Message, readMessages } from './messages.ts'
import { CONTEXT_TOKENS, findModel, MAX_OUTPUT_TOKENS, type Model } from './models.ts'
import { countPrompt } from './prompt.ts'
import { readStops } from './stop-sequences.ts'
import { readToolOffer, type ToolOffer } from './tools.ts'

/** Accepted `reasoning_effort` values and what they mean. */
const EFFORTS = {
  minimal: 'low',
  low: 'low',
  medium: 'high',
  high: 'high',
  xhigh: 'high',
  max: 'max',
  ultra: 'max',
} as const

const EFFORT_NAMES = ['minimal', 'low', 'medium', 'high', 'xhigh', 'max', 'ultra'] as const

export type Effort = (typeof EFFORTS)[keyof typeof EFFORTS]

/** A message with this word is refused by moderation. */
const RISK_MARK = 'standin-risk'

export interface ChatRequest {
  /** The model that answers. */
  readonly model: Model
  readonly messages: readonly Message[]
  readonly thinking: boolean
  readonly effort: Effort
  /** Tokens the answer may have, reasoning included. */
  readonly maxTokens: number
  readonly stream: boolean
  readonly includeUsage: boolean
  /** True when the answer must be a JSON object. */
  readonly json: boolean
  readonly promptTokens: number
  /** Texts before which the answer ends. */
  readonly stops: readonly string[]
  /** Alternatives wanted with each token's logprob; undefined for no logprobs. */
  readonly logprobs: number | undefined
  readonly offer: ToolOffer
}

/** @throws {ApiError} 400 with the provider's words for the first thing that is wrong */
export function readChatRequest(body: string): ChatRequest {
  const reader = createJsonReader(body)
  const { root } = reader
  const name = root['model']
  if (name === undefined) throw reader.mismatch('', 'missing field `model`')
  if (typeof name !== 'string') throw reader.mismatch('model', 'expected a string', name)
  const model = findModel(name)
  const thinking = readThinking(reader)
  const messages = readMessages(reader, model, thinking)
  const maxTokens = readMaxTokens(reader)
  checkRange(reader, 'temperature', 0, 2)
  checkRange(reader, 'top_p', 0, 1)
  const json = readJsonMode(reader, messages)
  if (messages.some((message) => message.text.includes(RISK_MARK))) {
    throw new ApiError(400, 'Content Exists Risk')
  }
  const promptTokens = countPrompt(messages, root['tools'], thinking)
  checkContext(promptTokens, maxTokens ?? 0)
  const options = root['stream_options']
  return {
    model,
    messages,
    thinking,
    effort: readEffort(reader),
    maxTokens: maxTokens ?? MAX_OUTPUT_TOKENS,
    stream: reader.flag('stream', root['stream']),
    includeUsage: isObject(options)
      ? reader.flag('stream_options.include_usage', options['include_usage'])
      : false,
    json,
    promptTokens,
    stops: readStops(reader),
    logprobs: readLogprobs(reader),
    offer: readToolOffer(reader),
  }
}

/** Thinking is on unless it is switched off. */
function readThinking(reader: JsonReader): boolean {
  const value = reader.root['thinking']
  if (value === undefined || value === null) return true
  const type = reader.object('thinking', value)['type']
  return reader.variant('thinking.type', type, ['enabled', 'disabled'] as const) === 'enabled'
}

function readEffort(reader: JsonReader): Effort {
  const value = reader.root['reasoning_effort']
  if (value === undefined || value === null) return 'high'
  return EFFORTS[reader.variant('reasoning_effort', value, EFFORT_NAMES)]
}

function readMaxTokens(reader: JsonReader): number | undefined {
  const value = reader.number('max_tokens', reader.root['max_tokens'])
  if (value === undefined) return undefined
  if (!Number.isInteger(value) || value < 1 || value > MAX_OUTPUT_TOKENS) {
    throw maxTokensOutOfRange(MAX_OUTPUT_TOKENS)
  }
  return value
}

function checkRange(reader: JsonReader, field: string, min: number, max: number): void {
  const value = reader.number(field, reader.root[field])
  if (value === undefined || (value >= min && value <= max)) return
  throw new ApiError(400, `Invalid ${field} value, the valid range of ${field} is [${min}, ${max}]`)
}

function readJsonMode(reader: JsonReader, messages: readonly Message[]): boolean {
  const value = reader.root['response_format']
  if (value === undefined || value === null) return false
  const type = reader.object('response_format', value)['type']
  const formats = ['text', 'json_object', 'json_schema'] as const
  switch (reader.variant('response_format.type', type, formats)) {
    case 'text':
      return false
    case 'json_schema':
      throw new ApiError(400, 'This response_format type is unavailable now')
    case 'json_object':
      if (messages.some((message) => /json/i.test(message.text))) return true
      throw new ApiError(
        400,
        "Prompt must contain the word 'json' in some form to use 'response_format' of type 'json_object'.",
      )
  }
}

function checkContext(prompt: number, completion: number): void {
  const asked = prompt + completion
  if (asked <= CONTEXT_TOKENS) return
  throw new ApiError(
    400,
    `This model's maximum context length is ${CONTEXT_TOKENS} tokens. However, you requested ` +
      `${asked} tokens (${prompt} in the messages, ${completion} in the completion). ` +
      'Please reduce the length of the messages or completion.',
  )
}
