/** The body of POST /v1/chat/completions: what we have to understand of it. The rest is the provider's. */

import { z } from 'zod'

/** More would not fit the window of any model. */
const MAX_MESSAGES = 10_000
const MAX_TOKENS = 2 ** 31 - 1

const tokens = z.int().min(1).max(MAX_TOKENS).nullish()

/** Unknown members are passed on as they are written, and so are those that are not listed. */
export const ProgramBody = z.looseObject({
  model: z.string().min(1).max(100),
  messages: z
    .array(z.looseObject({ role: z.string() }))
    .min(1)
    .max(MAX_MESSAGES),
  stream: z.boolean().nullish(),
  stream_options: z.looseObject({ include_usage: z.boolean().nullish() }).nullish(),
  max_tokens: tokens,
  max_completion_tokens: tokens.meta({ description: 'The same as `max_tokens`.' }),
  n: z.literal(1).nullish().meta({ description: 'One answer at a time.' }),
  user_id: z.string().max(512).nullish(),
})

export type ProgramBody = z.output<typeof ProgramBody>

/** Returns the most tokens that the program wants. */
export function wantedTokens(body: ProgramBody): number | undefined {
  const given = [body.max_tokens, body.max_completion_tokens].filter((count) => count != null)
  return given.length === 0 ? undefined : Math.min(...given)
}
