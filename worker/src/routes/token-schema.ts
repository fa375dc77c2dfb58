/** Access tokens as clients send and read them. */

import { z } from 'zod'
import { tokenPrefix } from '#contract/access-token.ts'
import type * as Contract from '#contract/api.ts'
import { MAX_QUOTA } from '#contract/limit-policy.ts'
import { quotaTerm } from '../domain/quota-terms.ts'
import type { ListedToken } from '../stores/access-tokens.ts'
import { idParam } from './ids.ts'
import { QuotaTermView, quotaList } from './quota-schema.ts'

const MAX_DAYS = 3650
const MAX_MODELS = 50

const name = z.string().trim().min(1).max(64)
const models = z
  .array(z.string().min(1).max(100))
  .min(1)
  .max(MAX_MODELS)
  .refine((names) => new Set(names).size === names.length)
  .nullable()
  .meta({ description: 'Names of the models that it may call; null: all.' })
const limit = z.int().min(1).max(MAX_QUOTA).nullable().meta({
  description:
    "Requests in the window of `/v1`'s own limit, in the place of its number; null: that number.",
})

export const NewTokenBody = z.strictObject({
  name,
  expires_in_days: z.int().min(1).max(MAX_DAYS).exactOptional(),
  models: models.default(null),
  limit: limit.default(null),
  quotas: quotaList.default([]),
})

export const TokenChangeBody = z
  .strictObject({
    version: z.int().min(1).meta({ description: 'Of the token that is changed.' }),
    name: name.exactOptional(),
    models: models.exactOptional(),
    limit: limit.exactOptional(),
    quotas: quotaList.exactOptional(),
  })
  .refine((body) => Object.keys(body).length > 1)

export const TokenView = z
  .strictObject({
    id: idParam,
    name: z.string(),
    prefix: z.string().meta({ description: 'How all tokens of this user begin.' }),
    last4: z.string().meta({ description: 'Last four characters of the token.' }),
    models,
    limit,
    quotas: z.array(QuotaTermView),
    version: z.int().meta({ description: 'To be sent with the next change.' }),
    created_at: z.iso.datetime(),
    expires_at: z.iso.datetime().nullable().meta({ description: 'Null: never.' }),
    last_used_at: z.iso
      .datetime()
      .nullable()
      .meta({ description: 'Ten minutes exact; null: never.' }),
  })
  .meta({ id: 'AccessToken' }) satisfies z.ZodType<Contract.TokenView>

export const TokenList = z.strictObject({ tokens: z.array(TokenView) })

/** @param uid of its owner */
export function tokenView(uid: string, token: ListedToken): Contract.TokenView {
  const { id, name, last4, models, callLimit, quotas, version } = token
  const { createdAt, expiresAt, lastUsedAt } = token
  return {
    ...{ id, name, prefix: tokenPrefix(uid), last4, models, limit: callLimit, version },
    quotas: quotas.map(quotaTerm),
    created_at: createdAt.toISOString(),
    expires_at: expiresAt?.toISOString() ?? null,
    last_used_at: lastUsedAt?.toISOString() ?? null,
  }
}
