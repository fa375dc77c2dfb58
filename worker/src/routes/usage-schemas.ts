/** How requests and answers about usage look. */

import { z } from 'zod'
import type * as Contract from '#contract/api.ts'
import type * as Usage from '#contract/usage.ts'

const count = z.int().min(0)
const money = z
  .string()
  .regex(/^\d+(\.\d+)?$/)
  .meta({ description: 'Decimal, exact.' })
const currency = z.string().length(3)
const timezone = z.string().meta({ description: 'IANA zone.', example: 'Asia/Shanghai' })

export const ENDINGS = [
  'open',
  'done',
  'stopped',
  'client_gone',
  'upstream_error',
  'timeout',
  'interrupted',
] as const satisfies readonly Contract.Ending[]

export const UsagePoint = z.strictObject({
  requests: count,
  prompt_tokens: count,
  cached_tokens: count.meta({ description: 'Part of prompt_tokens.' }),
  completion_tokens: count,
  total_tokens: count,
  cost: money,
}) satisfies z.ZodType<Usage.UsagePoint>

const UsageTotals = UsagePoint.extend({ currency }).meta({
  id: 'UsageTotals',
}) satisfies z.ZodType<Contract.UsageTotals>

export const UsageSummary = z
  .strictObject({
    today: UsageTotals,
    week: UsageTotals.meta({ description: 'From Monday.' }),
    month: UsageTotals,
    total: UsageTotals,
    before: z
      .strictObject({ today: UsageTotals, week: UsageTotals, month: UsageTotals })
      .meta({ description: 'Yesterday, last week and last month, whole.' }),
    timezone,
  })
  .meta({ id: 'UsageSummary' }) satisfies z.ZodType<Contract.UsageSummary>

export const GROUPS = ['none', 'model', 'key', 'status'] as const

export const UsageSeries = z
  .strictObject({
    timezone,
    by: z.enum(['hour', 'day']),
    group: z.enum(GROUPS),
    currency,
    buckets: z.array(z.iso.datetime()).meta({ description: 'Where each begins.' }),
    end: z.iso.datetime().meta({ description: 'Where the last one ends.' }),
    lines: z.array(
      z.strictObject({
        value: z.string().nullable(),
        name: z.string().nullable(),
        points: z.array(UsagePoint),
      }),
    ),
  })
  .meta({ id: 'UsageSeries' }) satisfies z.ZodType<Usage.UsageSeries>

export const UsageRecord = z
  .strictObject({
    request_id: z.string(),
    started_at: z.iso.datetime(),
    username: z.string(),
    model_requested: z.string(),
    model: z.string().nullable().meta({ description: 'The one that answered.' }),
    ending: z.enum(ENDINGS),
    finish_reason: z.string().nullable(),
    prompt_tokens: count,
    cached_tokens: count,
    completion_tokens: count,
    reasoning_tokens: count,
    total_tokens: count,
    estimated: z.boolean(),
    cost: money,
    currency,
    key_alias: z.string().nullable().meta({ description: 'Null for all but administrators.' }),
    token_id: z
      .string()
      .nullable()
      .meta({ description: 'Access token of the program that asked.' }),
    first_token_ms: count.nullable(),
    duration_ms: count.nullable(),
  })
  .meta({ id: 'UsageRecord' }) satisfies z.ZodType<Contract.UsageRecord>

const share = z.number().min(0).max(1)

const UsageStatistic = UsageTotals.extend({
  value: z.string().nullable(),
  name: z.string().nullable(),
  success_rate: share,
  cache_hit_rate: share.nullable(),
  estimated_share: share,
  first_token_ms: z.strictObject({ p50: count, p95: count }).nullable(),
  duration_ms: count.nullable(),
}).meta({ id: 'UsageStatistic' }) satisfies z.ZodType<Usage.UsageStatistic>

export const UsageStatistics = z
  .strictObject({
    timezone,
    from: z.iso.datetime(),
    to: z.iso.datetime(),
    by: z.enum(['model', 'key', 'status', 'user']),
    total: UsageStatistic,
    items: z.array(UsageStatistic),
  })
  .meta({ id: 'UsageStatistics' }) satisfies z.ZodType<Usage.UsageStatistics>
