/** The JSON of an answer, streamed or whole, with the provider's order of keys. */

import type { FinishReason } from './directives.ts'
import type { Model } from './models.ts'
import type { Usage } from './usage.ts'

/** What all parts of one answer have in common. */
export interface AnswerFrame {
  readonly id: string
  /** Unix seconds, the same in every chunk. */
  readonly created: number
  readonly model: Model
  readonly thinking: boolean
}

/** The chunks of a stream, each as JSON. */
export interface Chunks {
  opening(usage: Usage | undefined): string
  reasoning(token: string): string
  content(token: string): string
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
  const { id, created, model, thinking } = answer
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
  function delta(json: string): string {
    return `${head}[{"index":0,"delta":${json},"logprobs":null,"finish_reason":null}]${noUsage}`
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
      return delta(`{"content":null,"reasoning_content":${JSON.stringify(token)}}`)
    },
    content(token) {
      const text = JSON.stringify(token)
      return delta(
        thinking ? `{"content":${text},"reasoning_content":null}` : `{"content":${text}}`,
      )
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

/** Returns the body of an answer that is not streamed. */
export function completionBody(
  answer: AnswerFrame,
  text: { readonly reasoning: string; readonly content: string },
  reason: FinishReason,
  usage: Usage | undefined,
): string {
  const { id, created, model, thinking } = answer
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
          content: text.content,
          ...(thinking && { reasoning_content: text.reasoning }),
        },
        logprobs: null,
        finish_reason: reason,
      },
    ],
    usage,
    system_fingerprint: model.fingerprint,
  })
}
