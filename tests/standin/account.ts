/**
 * Keys and what an account may do. Each key is an account of its own, unless its name says to which one
 * it belongs: `sk-account-<name>-…`.
 */

import { ApiError, balanceUsedUp, keyRefused, tooConcurrent } from './api-error.ts'
import type { Model } from './models.ts'

const REFUSED_PREFIX = 'sk-invalid'
const PENNILESS_PREFIX = 'sk-nobalance'

/**
 * Returns the key of an Authorization header. Every key is good unless it starts with `sk-invalid`.
 * @throws {ApiError} 401
 */
export function authenticate(authorization: string | undefined): string {
  const key = /^Bearer +(\S+)$/.exec(authorization ?? '')?.[1]
  if (key === undefined) {
    throw new ApiError(
      401,
      'Authentication Fails (auth header format should be Bearer sk-...)',
      'authentication_error',
    )
  }
  if (key.startsWith(REFUSED_PREFIX)) throw keyRefused(key)
  return key
}

/** @throws {ApiError} 402 for a key that starts with `sk-nobalance` */
export function requireBalance(key: string): void {
  if (key.startsWith(PENNILESS_PREFIX)) throw balanceUsedUp()
}

/** Returns the body of GET /user/balance; amounts are strings. */
export function balanceOf(key: string): object {
  const penniless = key.startsWith(PENNILESS_PREFIX)
  return {
    is_available: !penniless,
    balance_infos: [
      {
        currency: 'CNY',
        total_balance: penniless ? '0.00' : '110.00',
        granted_balance: penniless ? '0.00' : '10.00',
        topped_up_balance: penniless ? '0.00' : '100.00',
      },
    ],
  }
}

/** Returns the account of a key; all its keys share cache and concurrency. */
export function accountOf(key: string): string {
  return /^sk-account-[a-z0-9]+(?=-)/.exec(key)?.[0] ?? key
}

export interface ConcurrencyGuard {
  /**
   * Takes a place for one request and returns the function that gives it back.
   * @param most places for this request, if it wants fewer than there are
   * @throws {ApiError} 429 when all places of the key's account for this model are taken
   */
  enter(key: string, model: Model, most?: number): () => void
}

/** @param limit places for each account and model; undefined means the model's own */
export function createConcurrencyGuard(limit: number | undefined): ConcurrencyGuard {
  const running = new Map<string, number>()
  return {
    enter(key, model, most = Number.POSITIVE_INFINITY) {
      const account = `${model.id} ${accountOf(key)}`
      const places = Math.min(limit ?? model.concurrency, most)
      const taken = running.get(account) ?? 0
      if (taken >= places) throw tooConcurrent(places)
      running.set(account, taken + 1)
      return () => {
        const left = (running.get(account) ?? 1) - 1
        if (left > 0) running.set(account, left)
        else running.delete(account)
      }
    },
  }
}
