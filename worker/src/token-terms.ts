/** What an access token may do in the worker; what the gate asks of it is in Redis. */

import type { Program } from './context.ts'
import { Failure } from './failure.ts'
import type { AccessTokens } from './stores/access-tokens.ts'

export interface TokenTerms {
  /** Names of the models that it may call; null: all. Its quotas are found by its id (quota.ts). */
  readonly models: readonly string[] | null
}

export interface TokenTermsReader {
  /**
   * Returns the terms of a program's token, at most TERMS_MS old.
   * @throws {Failure} invalid_token if it was revoked, storage_unavailable
   */
  of(program: Program): Promise<TokenTerms>
  /** This worker has changed the token. */
  forget(id: string): void
}

/** As long as a gate believes a token. */
const TERMS_MS = 2000

/** Bounds the memory of tokens in use. */
const MAX_KNOWN = 10_000

/** @param now Unix milliseconds */
export function createTokenTerms(
  tokens: Pick<AccessTokens, 'models'>,
  now: () => number,
): TokenTermsReader {
  const known = new Map<string, { readonly until: number; readonly terms: Promise<TokenTerms> }>()

  async function read(id: string): Promise<TokenTerms> {
    try {
      const found = await tokens.models(id)
      if (found === undefined) throw new Failure('invalid_token')
      return { models: found.models }
    } catch (error) {
      known.delete(id)
      throw error
    }
  }

  return {
    of({ token }) {
      const entry = known.get(token)
      if (entry !== undefined && now() < entry.until) return entry.terms
      if (known.size >= MAX_KNOWN) known.clear()
      const terms = read(token)
      known.set(token, { until: now() + TERMS_MS, terms })
      return terms
    },
    forget(id) {
      known.delete(id)
    },
  }
}

/**
 * Returns true if a token may call this model.
 * @param aliases other names of models (price.ts): who may use a model may call it by any of them
 */
export function mayCall(
  { models }: TokenTerms,
  model: string,
  aliases: ReadonlyMap<string, string>,
): boolean {
  if (models === null) return true
  const proper = (name: string) => aliases.get(name) ?? name
  return models.some((name) => proper(name) === proper(model))
}
