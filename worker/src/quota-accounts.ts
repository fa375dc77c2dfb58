/** Quotas in the day and month of a moment. */

import { createQuotaCalendar } from './domain/quota-period.ts'
import type { OwnerQuotas } from './domain/quota-terms.ts'
import type { BoundQuota, QuotaAccount } from './stores/quota-state.ts'

/** Returns the quotas of these owners as they stand at an instant (Unix ms) in a zone. */
export type BindQuotas = (
  owners: readonly OwnerQuotas[],
  timeZone: string,
  at: number,
) => readonly BoundQuota[]

export function createBindQuotas(): BindQuotas {
  const spansAt = createQuotaCalendar()
  return (owners, timeZone, at) => {
    const spans = spansAt(timeZone, at)
    return owners.flatMap(({ owner, version, quotas }) =>
      quotas.map((quota) => {
        return { ...quota, owner, tag: `${version}@${timeZone}`, ...spans[quota.period] }
      }),
    )
  }
}

/** Returns the accounts that quotas are counted in: those of both units share one. */
export function accountsOf(quotas: readonly BoundQuota[]): readonly QuotaAccount[] {
  const accounts = quotas.map(({ owner, tag, period, start, end }) => {
    return { owner, tag, period, start, end }
  })
  return [
    ...new Map(accounts.map((account) => [`${account.owner} ${account.period}`, account])).values(),
  ]
}
