/** The provider's list of models, as people may choose from it. */

import type { ChatModel } from '#contract/api.ts'
import { DEFAULT_WINDOW } from '../domain/conversation-context.ts'
import { isRecord } from './json-object.ts'

export const DEFAULT_MODEL = 'deepseek-flash'

/** Offered when the provider does not answer, or nobody can ask it. */
export const FALLBACK_MODELS: readonly ChatModel[] = withDefault([
  { id: 'deepseek-flash', name: 'DeepSeek-V4.1-Flash', ...windowOf({}) },
  { id: 'deepseek-v4-pro', name: 'DeepSeek-V4-Pro', ...windowOf({}) },
])

const MODEL_ID = /^[\w.:/-]{1,100}$/
const MAX_MODELS = 100

/** Returns the models of a `GET /models` answer that answer in text; empty if it is not such a list. */
export function parseModelList(text: string): readonly ChatModel[] {
  let list: unknown
  try {
    list = JSON.parse(text)
  } catch {
    return []
  }
  const data: unknown = isRecord(list) ? list['data'] : undefined
  if (!Array.isArray(data)) return []
  return withDefault(data.flatMap(modelOf).slice(0, MAX_MODELS))
}

function modelOf(value: unknown): Omit<ChatModel, 'default'>[] {
  if (!isRecord(value)) return []
  const { id, name, output_modalities: output } = value
  if (typeof id !== 'string' || !MODEL_ID.test(id)) return []
  if (Array.isArray(output) && !output.includes('text')) return []
  const shown = typeof name === 'string' && name !== '' ? name.slice(0, 100) : id
  return [{ id, name: shown, ...windowOf(value) }]
}

/** A provider that does not tell is taken to serve models like DeepSeek's. */
function windowOf(model: Record<string, unknown>) {
  return {
    context_window: tokensOf(model['context_window']) ?? DEFAULT_WINDOW.contextTokens,
    max_output_tokens: tokensOf(model['max_output_tokens']) ?? DEFAULT_WINDOW.maxOutputTokens,
  }
}

function tokensOf(value: unknown): number | undefined {
  return Number.isSafeInteger(value) && Number(value) > 0 ? Number(value) : undefined
}

function withDefault(models: readonly Omit<ChatModel, 'default'>[]): readonly ChatModel[] {
  const chosen = models.find(({ id }) => id === DEFAULT_MODEL) ?? models[0]
  return models.map((model) => ({ ...model, default: model === chosen }))
}
