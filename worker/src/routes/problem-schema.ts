/** What errors hold: Chatgate's own shape, and OpenAI's under /v1. */

import { z } from 'zod'
import type * as OpenAi from '#contract/openai-error.ts'
import type * as Contract from '#contract/problem.ts'
import { PROBLEMS, type ProblemCode } from '#contract/problem-codes.ts'
import { requestId } from './answer-values.ts'

export const Problem = z
  .strictObject({
    type: z.string().meta({ description: 'URI of the kind of problem.' }),
    title: z.string().meta({ description: 'In the language of the caller, like `detail`.' }),
    status: z.int().meta({ description: 'The status of the answer.' }),
    detail: z.string(),
    code: z.enum(Object.keys(PROBLEMS) as [ProblemCode, ...ProblemCode[]]),
    request_id: requestId,
    retryAfter: z
      .int()
      .min(0)
      .exactOptional()
      .meta({ description: 'Seconds after which a retry may succeed, as in Retry-After.' }),
    errors: z
      .array(
        z.strictObject({
          field: z
            .string()
            .meta({ description: 'Path of the field, joined by dots; empty: the whole body.' }),
          message: z.string(),
        }),
      )
      .exactOptional()
      .meta({ description: 'Which fields of the request are wrong, and why.' }),
    'violated-policies': z
      .array(z.string())
      .exactOptional()
      .meta({ description: 'Names of the limits that refused, as in RateLimit-Policy.' }),
  })
  .meta({
    id: 'Problem',
    description: 'An error (RFC 9457); `code` never changes its meaning.',
  }) satisfies z.ZodType<Contract.Problem>

export const OpenAiError = z
  .strictObject({
    error: z.strictObject({
      message: z.string(),
      type: z.string(),
      param: z.string().nullable().meta({ description: 'The first wrong field.' }),
      code: z.string(),
    }),
  })
  .meta({
    id: 'OpenAiError',
    description: 'An error as clients of OpenAI read it.',
  }) satisfies z.ZodType<OpenAi.OpenAiError>
