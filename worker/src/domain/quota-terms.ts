/** Quotas as they are set: how much of what an owner may use in a day or month. */

import type { QuotaTerm } from '#contract/quota.ts'
import { formatDecimal, parseDecimal } from './decimal.ts'
import { COST_SCALE, DEFAULT_CURRENCY } from './price.ts'

export type QuotaUnit = 'tokens' | 'money'
export type QuotaPeriod = 'day' | 'month'

export interface Quota {
  readonly unit: QuotaUnit
  readonly period: QuotaPeriod
  /** Tokens, or 10^-10 of the currency: an exact number also for Redis' scripts. */
  readonly amount: bigint
}

/** `u` for the user, `t<access_tokens.id>` for a token: how Redis and MySQL's results name an owner. */
export type QuotaOwner = 'u' | `t${string}`

/** The quotas of one owner. */
export interface OwnerQuotas {
  readonly owner: QuotaOwner
  /** Raised with every change. */
  readonly version: number
  readonly quotas: readonly Quota[]
}

/** The largest amounts; what they count stays below 2^53. */
export const MOST_QUOTA_TOKENS = 1_000_000_000_000
export const MOST_QUOTA_MONEY = 900_000

/** Returns the quota that somebody has written down. */
export function quotaOf(term: QuotaTerm): Quota {
  const { unit, period } = term
  const amount =
    term.unit === 'tokens' ? BigInt(term.amount) : parseDecimal(term.amount, COST_SCALE)
  return { unit, period, amount }
}

/** Returns the quota as people read it. */
export function quotaTerm({ unit, period, amount }: Quota): QuotaTerm {
  if (unit === 'tokens') return { unit, period, amount: Number(amount) }
  return { unit, period, ...moneyText(amount) }
}

/** Returns an amount of money, counted in 10^-10, as people read it. */
export function moneyText(amount: bigint): { readonly amount: string; readonly currency: string } {
  return { amount: formatDecimal(amount, COST_SCALE), currency: DEFAULT_CURRENCY }
}

/** Returns quotas in words, for the record of changes: `1000 tokens a day, 12.5 CNY a month`. */
export function quotasText(quotas: readonly Quota[]): string {
  const texts = quotas.map(({ unit, period, amount }) => {
    const money = moneyText(amount)
    const what = unit === 'tokens' ? `${amount} tokens` : `${money.amount} ${money.currency}`
    return `${what} a ${period}`
  })
  return texts.join(', ')
}

/** Returns true if both are the same quotas, in whatever order. */
export function sameQuotas(some: readonly Quota[], others: readonly Quota[]): boolean {
  const texts = (quotas: readonly Quota[]) =>
    quotas.map(({ unit, period, amount }) => `${unit} ${period} ${amount}`).sort()
  return texts(some).join() === texts(others).join()
}
