/** Quotas as clients send and read them. */

import { z } from 'zod'
import type * as Contract from '#contract/quota.ts'
import { parseDecimal } from '../domain/decimal.ts'
import { COST_SCALE, DEFAULT_CURRENCY } from '../domain/price.ts'
import { MOST_QUOTA_MONEY, MOST_QUOTA_TOKENS } from '../domain/quota-terms.ts'

const period = z
  .enum(['day', 'month'])
  .meta({ description: 'The day or month of the calendar, in the zone of the user.' })
const tokens = z.int().min(0).max(MOST_QUOTA_TOKENS)
const money = z
  .string()
  .regex(/^\d{1,6}(?:\.\d{1,10})?$/, { abort: true })
  .refine((text) => parseDecimal(text, COST_SCALE) <= parseDecimal(MOST, COST_SCALE), {
    message: `≤ ${MOST_QUOTA_MONEY}`,
  })
const MOST = String(MOST_QUOTA_MONEY)
const currency = z.literal(DEFAULT_CURRENCY)

const TokenTerm = z.strictObject({ unit: z.literal('tokens'), period, amount: tokens })
const MoneyTerm = z.strictObject({ unit: z.literal('money'), period, amount: z.string(), currency })

/** A quota as it is set. */
export const QuotaTermView = z
  .discriminatedUnion('unit', [TokenTerm, MoneyTerm])
  .meta({ id: 'Quota' }) satisfies z.ZodType<Contract.QuotaTerm>

/** Quotas to be set: at most one of a unit and period. */
export const quotaList = z
  .array(
    z.discriminatedUnion('unit', [
      TokenTerm,
      MoneyTerm.extend({ amount: money, currency: currency.default(DEFAULT_CURRENCY) }),
    ]),
  )
  .max(4)
  .refine(
    (list) => new Set(list.map(({ unit, period }) => `${unit} ${period}`)).size === list.length,
  )
  .meta({ description: 'At most one for each unit and period; none: nothing is bounded.' })

const resets = {
  resets_at: z.iso.datetime().meta({ description: 'When the next day or month begins.' }),
}
const written = z.string()

const QuotaStanding = z
  .discriminatedUnion('unit', [
    TokenTerm.extend({ used: z.int(), reserved: z.int(), left: z.int(), ...resets }),
    MoneyTerm.extend({ used: written, reserved: written, left: written, ...resets }),
  ])
  .meta({
    id: 'QuotaStanding',
    description: '`reserved` is the most that running calls can still use.',
  }) satisfies z.ZodType<Contract.QuotaStanding>

const report = {
  quotas: z.array(QuotaStanding),
  timezone: z.string().meta({ description: 'IANA zone in which days and months begin.' }),
}

export const QuotaReport = z
  .strictObject(report)
  .meta({ id: 'QuotaReport' }) satisfies z.ZodType<Contract.QuotaReport>

export const AdminQuotaReport = z
  .strictObject({
    ...report,
    version: z
      .int()
      .min(0)
      .meta({ description: 'To be sent with the next change; 0 until there was a quota.' }),
  })
  .meta({ id: 'AdminQuotaReport' }) satisfies z.ZodType<Contract.AdminQuotaReport>
