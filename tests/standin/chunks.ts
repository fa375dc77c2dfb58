/** The JSON of an answer, streamed or whole, with the provider's order of keys. */

import type { FinishReason } from './directives.ts'
import { logprobOf } from './logprobs.ts'
import type { Model } from './models.ts'
import { type ToolCall, toolCallId } from './tool-calls.ts'
import type { Usage } from './usage.ts'

/** What all parts of one answer have in common. */
export interface AnswerFrame {
  readonly id: string
  /** Unix seconds, the same in every chunk. */
  readonly created: number
  readonly model: Model
  readonly thinking: boolean
  /** Alternatives with each token's logprob; undefined for no logprobs. */
  readonly logprobs: number | undefined
}

/** The chunks of a stream, each as JSON. */
export interface Chunks {
  opening(usage: Usage | undefined): string
  reasoning(token: string): string
  content(token: string): string
  /** The first chunk of a tool call: its name, and no arguments yet. */
  call(index: number, name: string): string
  /** A piece of the arguments of the call with this index. */
  callArguments(index: number, piece: string): string
  /** @param usage rides this last chunk; undefined leaves it out */
  finish(reason: FinishReason, usage: Usage | undefined): string
  /** OpenAI's form: usage alone, with no choices. */
  usageOnly(usage: Usage): string
}

/**
 * @param includeUsage `stream_options.include_usage`: with it every chunk has the key `usage`, null but
 *   for the last; without it only the last has the key
 */
export function createChunks(answer: AnswerFrame, includeUsage: boolean): Chunks {
  const { id, created, model, thinking, logprobs } = answer
  const common = JSON.stringify({
    id,
    object: 'chat.completion.chunk',
    created,
    model: model.id,
    system_fingerprint: model.fingerprint,
  })
  const head = `${common.slice(0, -1)},"choices":`
  const noUsage = includeUsage ? ',"usage":null}' : '}'

  // Texts are put together by hand: a delta is by far the most frequent thing the stand-in makes.
  function delta(json: string, probs = 'null'): string {
    return `${head}[{"index":0,"delta":${json},"logprobs":${probs},"finish_reason":null}]${noUsage}`
  }

  /** In thinking mode they stand where the text stands. */
  function probsOf(part: 'content' | 'reasoning_content', token: string): string {
    if (logprobs === undefined) return 'null'
    const parts = thinking ? { content: null, reasoning_content: null } : {}
    return JSON.stringify({ ...parts, [part]: [logprobOf(token, logprobs)] })
  }

  function withUsage(choices: string, usage: Usage | undefined): string {
    if (usage === undefined) return `${head}${choices}${noUsage}`
    return `${head}${choices},"usage":${JSON.stringify(usage)}}`
  }

  return {
    opening(usage) {
      const choice = {
        index: 0,
        delta: thinking
          ? { role: 'assistant', content: null, reasoning_content: '' }
          : { role: 'assistant', content: '' },
        logprobs: null,
        finish_reason: null,
      }
      return withUsage(JSON.stringify([choice]), usage)
    },
    reasoning(token) {
      const json = `{"content":null,"reasoning_content":${JSON.stringify(token)}}`
      return delta(json, probsOf('reasoning_content', token))
    },
    content(token) {
      const text = JSON.stringify(token)
      return delta(
        thinking ? `{"content":${text},"reasoning_content":null}` : `{"content":${text}}`,
        probsOf('content', token),
      )
    },
    call(index, name) {
      const call = { index, id: toolCallId(id, index), type: 'function' }
      const named = { ...call, function: { name, arguments: '' } }
      return delta(JSON.stringify({ tool_calls: [named] }))
    },
    callArguments(index, piece) {
      return delta(JSON.stringify({ tool_calls: [{ index, function: { arguments: piece } }] }))
    },
    finish(reason, usage) {
      const choice = {
        index: 0,
        delta: thinking ? { content: '', reasoning_content: null } : { content: '' },
        logprobs: null,
        finish_reason: reason,
      }
      return withUsage(JSON.stringify([choice]), usage)
    },
    usageOnly(usage) {
      return withUsage('[]', usage)
    },
  }
}

/** What an answer that is not streamed says. */
export interface WholeText {
  readonly reasoning: readonly string[]
  readonly content: readonly string[]
  readonly calls: readonly ToolCall[]
}

/** Returns the body of an answer that is not streamed. */
export function completionBody(
  answer: AnswerFrame,
  { reasoning, content, calls }: WholeText,
  reason: FinishReason,
  usage: Usage | undefined,
): string {
  const { id, created, model, thinking, logprobs } = answer
  const probs = (tokens: readonly string[]) =>
    tokens.map((token) => logprobOf(token, logprobs ?? 0))
  return JSON.stringify({
    id,
    object: 'chat.completion',
    created,
    model: model.id,
    choices: [
      {
        index: 0,
        message: {
          role: 'assistant',
          content: content.join(''),
          ...(thinking && { reasoning_content: reasoning.join('') }),
          ...(calls.length > 0 && {
            tool_calls: calls.map(({ name, fragments }, index) => ({
              ...{ index, id: toolCallId(id, index), type: 'function' },
              function: { name, arguments: fragments.join('') },
            })),
          }),
        },
        logprobs:
          logprobs === undefined
            ? null
            : {
                content: probs(content),
                ...(thinking && { reasoning_content: probs(reasoning) }),
              },
        finish_reason: reason,
      },
    ],
    usage,
    system_fingerprint: model.fingerprint,
  })
}
