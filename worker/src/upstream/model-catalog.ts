/** The models on offer: the provider's list, remembered, or a built-in one while it does not answer. */

import type { Logger } from 'pino'
import type { ChatModel } from '#contract/api.ts'
import { DEFAULT_WINDOW, type ModelWindow } from '../domain/conversation-context.ts'
import type { Upstream } from './deepseek.ts'
import type { KeyPool } from './key-pool.ts'
import { DEFAULT_MODEL, FALLBACK_MODELS, parseModelList } from './model-list.ts'

export interface ModelCatalog {
  /** Returns the models, waiting at most ANSWER_MS for the provider. */
  list(): Promise<readonly ChatModel[]>
  /** Returns true if the model is on offer; asks the provider only about names not known yet. */
  has(id: string): Promise<boolean>
  /** Returns the model for requests that name none; never waits. */
  defaultId(): string
  /** Returns what the model can take, as far as that is known; never waits. */
  window(id: string): ModelWindow
}

export interface ModelCatalogDeps {
  readonly keys: Pick<KeyPool, 'peek'>
  readonly upstream: Pick<Upstream, 'models'>
  readonly log: Logger
  /** Unix milliseconds. */
  readonly now: () => number
}

const CACHE_MS = 600_000
/** After a failure the provider is left alone for so long (ms). */
const RETRY_MS = 30_000
const ANSWER_MS = 2000

export function createModelCatalog({ keys, upstream, log, now }: ModelCatalogDeps): ModelCatalog {
  let known = FALLBACK_MODELS
  /** The server that `known` is about: another key may lead to another server. */
  let server: string | undefined
  let freshUntil = 0
  let asking: Promise<void> | undefined

  async function refresh(): Promise<void> {
    const key = await keys.peek().catch(() => undefined)
    if (key === undefined || (key.baseUrl === server && now() < freshUntil)) return
    if (key.baseUrl !== server) known = FALLBACK_MODELS
    server = key.baseUrl
    freshUntil = now() + RETRY_MS
    try {
      const models = parseModelList(await upstream.models(key, AbortSignal.timeout(ANSWER_MS)))
      if (models.length === 0) return
      known = models
      freshUntil = now() + CACHE_MS
    } catch (err) {
      log.warn({ err }, 'the list of models could not be read')
    }
  }

  async function list(): Promise<readonly ChatModel[]> {
    asking ??= refresh().finally(() => {
      asking = undefined
    })
    await asking
    return known
  }

  return {
    list,
    async has(id) {
      const isKnown = () => known.some((model) => model.id === id)
      if (isKnown()) return true
      await list()
      return isKnown()
    },
    defaultId: () => known.find((model) => model.default)?.id ?? DEFAULT_MODEL,
    window(id) {
      const model = known.find((each) => each.id === id)
      if (model === undefined) return DEFAULT_WINDOW
      return { contextTokens: model.context_window, maxOutputTokens: model.max_output_tokens }
    },
  }
}
