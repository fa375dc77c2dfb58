/** Reads what the provider says about an account's money. */

import type { BalanceInfo, KeyBalance } from '#contract/key-state.ts'
import { isRecord } from './json-object.ts'

const AMOUNT = /^-?\d{1,18}(\.\d{1,10})?$/
const CURRENCY = /^[A-Z]{3}$/
const MAX_INFOS = 10

/**
 * Returns the balance of a `GET /user/balance` answer, or undefined if it is not one. Amounts stay the
 * strings that they are.
 */
export function parseBalance(text: string, checkedAt: Date): KeyBalance | undefined {
  let body: unknown
  try {
    body = JSON.parse(text)
  } catch {
    return undefined
  }
  if (!isRecord(body) || typeof body['is_available'] !== 'boolean') return undefined
  const infos: unknown = body['balance_infos']
  return {
    is_available: body['is_available'],
    balance_infos: (Array.isArray(infos) ? infos : []).flatMap(infoOf).slice(0, MAX_INFOS),
    checked_at: checkedAt.toISOString(),
  }
}

function infoOf(value: unknown): BalanceInfo[] {
  if (!isRecord(value)) return []
  const { currency, total_balance, granted_balance, topped_up_balance } = value
  if (typeof currency !== 'string' || !CURRENCY.test(currency)) return []
  if (!isAmount(total_balance) || !isAmount(granted_balance) || !isAmount(topped_up_balance)) {
    return []
  }
  return [{ currency, total_balance, granted_balance, topped_up_balance }]
}

function isAmount(value: unknown): value is string {
  return typeof value === 'string' && AMOUNT.test(value)
}
