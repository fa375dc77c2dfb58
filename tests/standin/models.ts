/** The models of DeepSeek in autumn 2026 and the body of GET /models. */

import { ApiError } from './api-error.ts'

/** Tokens that prompt and answer may have together. */
export const CONTEXT_TOKENS = 1_048_576

/** Tokens that an answer may have, reasoning included. */
export const MAX_OUTPUT_TOKENS = 393_216

export interface Model {
  /** The name in every answer, which may differ from the name asked for. */
  readonly id: string
  readonly title: string
  readonly vision: boolean
  /** `system_fingerprint` of its answers. */
  readonly fingerprint: string
  /** Requests that one account may run at a time. */
  readonly concurrency: number
}

const FLASH: Model = {
  id: 'deepseek-flash',
  title: 'DeepSeek-V4.1-Flash',
  vision: true,
  fingerprint: 'a26a7955944dc5c60445bff77fac9c8e',
  concurrency: 2500,
}

const PRO: Model = {
  id: 'deepseek-v4-pro',
  title: 'DeepSeek-V4-Pro',
  vision: false,
  fingerprint: '5d1f0c83b2e94706a8cf41d96be37420',
  concurrency: 500,
}

const MODELS: readonly Model[] = [FLASH, PRO]

/** Every name that is accepted; the last two are older names that Flash answers. */
const BY_NAME: ReadonlyMap<string, Model> = new Map([
  [FLASH.id, FLASH],
  [PRO.id, PRO],
  ['deepseek-v4-flash', FLASH],
  ['deepseek-v4-flash-vision-exp', FLASH],
])

/** Names that were served until July 2026. */
const RETIRED: ReadonlySet<string> = new Set(['deepseek-chat', 'deepseek-reasoner'])

/**
 * Returns the model that answers a name.
 * @throws {ApiError} 400 with one of the two texts seen for unknown names
 */
export function findModel(name: string): Model {
  const model = BY_NAME.get(name)
  if (model !== undefined) return model
  if (RETIRED.has(name)) throw new ApiError(400, 'Model Not Exist')
  const names = MODELS.map((known) => known.id).join(', ')
  throw new ApiError(400, `The supported API model names are ${names}, but you passed ${name}.`)
}

/** Returns the body of GET /models. There is no `created`, unlike OpenAI's list. */
export function modelList(): object {
  return {
    object: 'list',
    data: MODELS.map((model) => ({
      id: model.id,
      object: 'model',
      owned_by: 'deepseek',
      name: model.title,
      context_window: CONTEXT_TOKENS,
      max_output_tokens: MAX_OUTPUT_TOKENS,
      input_modalities: model.vision ? ['text', 'image'] : ['text'],
      output_modalities: ['text'],
      effort: { supported_levels: ['low', 'high', 'max'], default_level: 'high' },
      api_capabilities: { anthropic_messages: { system_prompt_update: 'in-history' } },
    })),
  }
}
