/** Query parameters that say of which time something is asked. */

import { z } from 'zod'
import type { Lang } from '#contract/lang.ts'
import type { AppContext } from '../context.ts'
import { type NamedRange, rangeOf } from '../domain/time-buckets.ts'
import type { TimeZone } from '../domain/time-zone.ts'
import { wrongField } from './wrong-field.ts'

/** Before there was anything, and after anybody is there to ask. */
const EARLIEST = '2000-01-01'
const LATEST = '2100-01-01'

const DAY = /^\d{4}-\d{2}-\d{2}$/

const day = z.iso.date().refine((text) => text >= EARLIEST && text < LATEST)
const instant = z.iso.datetime({ offset: true }).refine((text) => text >= EARLIEST && text < LATEST)

/** An instant with an offset, or a day of the zone of whoever asks: then its first instant. */
export const timeParam = z.union([instant, day]).optional().meta({
  description: 'ISO 8601 with offset, or a day of your own zone, which stands for its beginning.',
  example: '2026-11-22',
})

export const NAMED_RANGES = [
  ...(['today', 'yesterday', 'week', 'month', 'last_month'] as const),
  ...(['7d', '30d', '90d', '365d'] as const),
] as const satisfies readonly NamedRange[]

export const rangeParams = {
  range: z.enum(NAMED_RANGES).optional().meta({ description: 'Instead of `from` and `to`.' }),
  from: timeParam,
  to: timeParam.meta({ description: 'The first that is left out; as `from`. Default: now.' }),
}

interface AskedRange {
  readonly range?: NamedRange | undefined
  readonly from?: string | undefined
  readonly to?: string | undefined
}

/** Returns the instant, Unix ms, that a valid timeParam stands for. */
export function instantOf(zone: TimeZone, text: string): number {
  if (!DAY.test(text)) return Date.parse(text)
  const [year = 0, month = 0, date = 0] = text.split('-').map(Number)
  return zone.startOf({ year, month, day: date })
}

/** The same for one that may not be there. */
export function timeOf(zone: TimeZone, text: string | undefined): Date | undefined {
  return text === undefined ? undefined : new Date(instantOf(zone, text))
}

/**
 * Returns [from, to), Unix ms.
 * @throws {Failure} invalid_request if both ways are used, `from` is missing, or nothing is in between
 */
export function askedRange(
  c: AppContext,
  zone: TimeZone,
  asked: AskedRange,
  byDefault: NamedRange,
  now: number,
): { readonly from: number; readonly to: number } {
  const { range, from, to } = asked
  if (from === undefined && to === undefined) return rangeOf(zone, range ?? byDefault, now)
  if (range !== undefined) throw wrongField(c, 'range', NOT_BOTH)
  if (from === undefined) throw wrongField(c, 'from', MISSING)
  const limits = { from: instantOf(zone, from), to: to === undefined ? now : instantOf(zone, to) }
  demandOrder(c, limits)
  return limits
}

/** @throws {Failure} invalid_request if nothing is between the two */
export function demandOrder(
  c: AppContext,
  {
    from,
    to,
  }: { readonly from: number | Date | undefined; readonly to: number | Date | undefined },
): void {
  if (from !== undefined && to !== undefined && from >= to) throw wrongField(c, 'to', NOT_AFTER)
}

type Message = Readonly<Record<Lang, string>>

const NOT_BOTH: Message = {
  en: 'not together with from and to',
  'zh-CN': '不能与 from、to 同时使用',
}
const MISSING: Message = { en: 'is needed with to', 'zh-CN': '使用 to 时必须提供' }
const NOT_AFTER: Message = { en: 'must be after from', 'zh-CN': '必须晚于 from' }
