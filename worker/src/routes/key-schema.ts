/** Schemas of what administrators are told about keys. */

import { z } from 'zod'
import type * as Admin from '#contract/admin.ts'
import type { ApiKeyView } from '#contract/api.ts'
import type * as Health from '#contract/key-state.ts'
import { idParam } from './ids.ts'

export const KeyView = z
  .strictObject({
    id: idParam,
    alias: z.string(),
    last4: z.string().meta({ description: 'Last four characters; the key itself stays here.' }),
    base_url: z.string(),
    weight: z.int(),
    version: z.int().meta({ description: 'To be repeated with a change: raised with each.' }),
    account: z.string().nullable().meta({
      description: 'Keys of one account share balance and limits; null: an account of its own.',
    }),
    enabled: z.boolean().meta({
      description: "The administrators' switch; a key that the provider refuses stays enabled.",
    }),
    state: z.enum([
      ...['ok', 'disabled', 'unusable', 'rejected', 'no_balance', 'cooling', 'failing'],
    ] as const satisfies readonly Health.KeyState[]),
    reason: z.string().nullable().meta({
      description: "Why it is in this state, in the caller's language; null if it is ok.",
    }),
    fault_at: z.iso.datetime().nullable().meta({
      description: 'Since when the provider refuses it.',
    }),
    cooling_until: z.iso.datetime().nullable(),
    standin: z.boolean().meta({
      description: "True for the stand-in's row, used only while no other key is enabled.",
    }),
    created_at: z.iso.datetime(),
    last_used_at: z.iso.datetime().nullable(),
  })
  .meta({ id: 'ApiKey' }) satisfies z.ZodType<ApiKeyView>

export const SavedKey = z.strictObject({
  id: idParam,
  alias: z.string(),
  last4: z.string(),
  base_url: z.string().meta({ description: 'Where calls take it.' }),
}) satisfies z.ZodType<Admin.SavedKey>

export const KeyBalance = z
  .strictObject({
    is_available: z.boolean(),
    balance_infos: z.array(
      z.strictObject({
        currency: z.string(),
        total_balance: z.string(),
        granted_balance: z.string(),
        topped_up_balance: z.string(),
      }),
    ),
    checked_at: z.iso.datetime(),
  })
  .meta({ id: 'KeyBalance' }) satisfies z.ZodType<Health.KeyBalance>

export const KeyTest = z
  .strictObject({
    ok: z.boolean().meta({ description: 'Whether a chat with this key would be served.' }),
    status: z.int().nullable().meta({
      description: "HTTP status of the provider's list of models; null if there was no answer.",
    }),
    detail: z.string().nullable().meta({
      description: "What is wrong, in the caller's language; null if nothing is.",
    }),
    latency_ms: z.int().nullable(),
    models: z.array(z.string()),
    balance: KeyBalance.nullable().meta({ description: 'Null if the provider does not tell.' }),
  })
  .meta({ id: 'KeyTest' }) satisfies z.ZodType<Health.KeyTest>

export const KeyTestLine = KeyTest.extend({
  id: idParam,
  alias: z.string(),
}).meta({ id: 'KeyTestLine' }) satisfies z.ZodType<Admin.KeyTestLine>
