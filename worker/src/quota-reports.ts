/** Where owners stand with their quotas, by what MySQL knows: also while Redis is away. */

import type { QuotaReport, QuotaStanding } from '#contract/quota.ts'
import { type OwnerQuotas, quotaTerm } from './domain/quota-terms.ts'
import { accountsOf, type BindQuotas } from './quota-accounts.ts'
import type { BoundQuota, Hold } from './stores/quota-state.ts'
import type { QuotaUsage } from './stores/quota-usage.ts'
import type { ZoneOf } from './user-zone.ts'

export interface QuotaReports {
  /**
   * Returns where an owner stands with these quotas.
   * @param uid of the user, or of the token's owner
   * @throws {Failure} storage_unavailable
   */
  report(uid: string, quotas: OwnerQuotas): Promise<QuotaReport>
}

export interface QuotaReportsDeps {
  readonly usage: QuotaUsage
  readonly bind: BindQuotas
  readonly zoneOf: ZoneOf
  /** Unix milliseconds. */
  readonly now: () => number
}

export function createQuotaReports({ usage, bind, zoneOf, now }: QuotaReportsDeps): QuotaReports {
  return {
    async report(uid, quotas) {
      const timezone = await zoneOf(uid)
      const bound = bind([quotas], timezone, now())
      if (bound.length === 0) return { quotas: [], timezone }
      const { accounts, open } = await usage.read(uid, accountsOf(bound), [])
      return {
        quotas: bound.map((quota) => {
          const account = accounts.find(({ period }) => period === quota.period)
          const used = account === undefined ? 0n : account[quota.unit]
          return standing(quota, used, reservedOf(quota, open))
        }),
        timezone,
      }
    },
  }
}

function reservedOf({ owner, unit, start }: BoundQuota, open: readonly Hold[]): bigint {
  return open
    .filter(({ at, token }) => at >= start && (owner === 'u' || owner === `t${token}`))
    .reduce((sum, hold) => sum + hold[unit], 0n)
}

function standing(quota: BoundQuota, used: bigint, reserved: bigint): QuotaStanding {
  const rest = quota.amount - used - reserved
  const written = (amount: bigint) => quotaTerm({ ...quota, amount }).amount
  return {
    ...quotaTerm(quota),
    used: written(used),
    reserved: written(reserved),
    left: written(rest > 0n ? rest : 0n),
    resets_at: new Date(quota.end).toISOString(),
  }
}
