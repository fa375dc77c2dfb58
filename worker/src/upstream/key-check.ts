/** Questions about a key that cost nothing: does it open the list of models, what is left to spend? */

import type { Logger } from 'pino'
import type { KeyBalance, KeyTest } from '#contract/key-state.ts'
import type { PooledKey } from '../domain/upstream-key.ts'
import { Failure } from '../failure.ts'
import type { ApiKeys } from '../stores/api-keys.ts'
import { parseBalance } from './balance.ts'
import type { Upstream } from './deepseek.ts'
import { parseModelList } from './model-list.ts'
import { UpstreamReport } from './upstream-error.ts'

/** The outcome of a test; what is wrong is a failure, for which the routes have words. */
export interface KeyFinding extends Omit<KeyTest, 'ok' | 'detail'> {
  readonly failure: Failure | undefined
}

export interface KeyCheck {
  /**
   * Asks for the models and the balance; what the provider does is the outcome.
   * @throws {Failure} storage_unavailable
   */
  test(key: PooledKey): Promise<KeyFinding>
  /**
   * Returns what the key's account has left, at most a minute old; undefined if the provider does not
   * tell. Keys that were out of use for want of it are used again if there is some.
   * @throws {Failure} upstream_*
   */
  balance(key: PooledKey): Promise<KeyBalance | undefined>
  /** Asks again about the keys without balance that are due. Never rejects. */
  recheck(): Promise<void>
}

export interface KeyCheckDeps {
  readonly keys: Pick<ApiKeys, 'find' | 'refill' | 'claimBalanceChecks'>
  readonly upstream: Pick<Upstream, 'models' | 'balance'>
  readonly log: Logger
  /** Unix milliseconds. */
  readonly now: () => number
}

const ANSWER_MS = 8000
const FRESH_MS = 60_000
const MAX_KEPT = 1000

export function createKeyCheck({ keys, upstream, log, now }: KeyCheckDeps): KeyCheck {
  /** By the key itself: another key in the same row has another account. */
  const kept = new Map<string, { readonly until: number; readonly balance: KeyBalance }>()

  async function ask(key: PooledKey): Promise<KeyBalance | undefined> {
    const text = await upstream.balance(key, AbortSignal.timeout(ANSWER_MS))
    const balance = parseBalance(text, new Date(now()))
    if (balance === undefined) return undefined
    if (kept.size >= MAX_KEPT) kept.clear()
    kept.set(`${key.id} ${key.secret}`, { until: now() + FRESH_MS, balance })
    if (!balance.is_available) return balance
    const count = await keys.refill(key)
    if (count > 0) log.info({ key: key.alias, count }, 'API keys have a balance again')
    return balance
  }

  async function recheckOne(id: string): Promise<void> {
    const key = (await keys.find(id))?.key
    if (key !== undefined) await ask(key)
  }

  return {
    async test(key) {
      const began = performance.now()
      const elapsed = () => Math.round(performance.now() - began)
      let models: readonly string[]
      try {
        const text = await upstream.models(key, AbortSignal.timeout(ANSWER_MS))
        models = parseModelList(text).map(({ id }) => id)
      } catch (error) {
        const failure = upstreamFailure(error)
        const status = failure.cause instanceof UpstreamReport ? failure.cause.status : null
        return { failure, status, latency_ms: elapsed(), models: [], balance: null }
      }
      const latency_ms = elapsed()
      const balance = (await ask(key).catch(noBalance)) ?? null
      const failure =
        balance?.is_available === false ? new Failure('upstream_balance') : noModels(models)
      return { failure, status: 200, latency_ms, models, balance }
    },

    async balance(key) {
      const known = kept.get(`${key.id} ${key.secret}`)
      return known !== undefined && now() < known.until ? known.balance : ask(key)
    },

    async recheck() {
      try {
        for (const id of await keys.claimBalanceChecks()) {
          await recheckOne(id).catch((err: unknown) => {
            log.warn({ err, keyId: id }, 'the balance of a key could not be checked')
          })
        }
      } catch (err) {
        log.warn({ err }, 'the balances of keys could not be checked')
      }
    },
  }
}

/** Not every provider tells a balance. */
function noBalance(error: unknown): undefined {
  upstreamFailure(error)
}

function noModels(models: readonly string[]): Failure | undefined {
  return models.length === 0 ? new Failure('upstream_unavailable') : undefined
}

/** @throws whatever else went wrong */
function upstreamFailure(error: unknown): Failure {
  if (error instanceof Failure && error.code.startsWith('upstream_')) return error
  throw error
}
