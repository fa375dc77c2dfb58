/** What the answers of a chat hold. */

import { z } from 'zod'
import type * as Api from '#contract/api.ts'
import type * as Contract from '#contract/chat-events.ts'
import { count, currency, money, requestId } from './answer-values.ts'
import { idParam } from './ids.ts'
import { Problem } from './problem-schema.ts'

export const ChatUsage = z
  .strictObject({
    model: z.string(),
    prompt_tokens: count,
    cached_tokens: count.meta({ description: 'Of the prompt, billed at the price of cache hits.' }),
    completion_tokens: count,
    reasoning_tokens: count.meta({ description: 'Of the completion.' }),
    total_tokens: count,
    estimated: z
      .boolean()
      .meta({ description: 'True if the provider sent no counts and these are ours.' }),
    cost: money,
    currency,
    first_token_ms: count.nullable(),
    duration_ms: count,
  })
  .meta({ id: 'ChatUsage' }) satisfies z.ZodType<Contract.ChatUsage>

export const ChatModel = z
  .strictObject({
    id: z.string(),
    name: z.string(),
    default: z.boolean(),
    context_window: z
      .int()
      .meta({ description: 'Tokens that prompt and answer may have together.' }),
    max_output_tokens: z.int(),
  })
  .meta({ id: 'ChatModel' }) satisfies z.ZodType<Api.ChatModel>

const finishReason = z.string().nullable()

/** Ids of what a chat adds. */
const TURN = {
  generation_id: requestId,
  conversation_id: idParam,
  user_message_id: idParam,
  message_id: idParam,
}

export const ChatAnswer = z
  .strictObject({
    ...TURN,
    content: z.string(),
    reasoning: z.string(),
    finish_reason: finishReason,
    usage: ChatUsage,
  })
  .meta({ id: 'ChatAnswer' }) satisfies z.ZodType<Contract.ChatAnswer>

const Text = z.strictObject({ text: z.string() })

const eventOf = <E extends keyof Contract.ChatEvents, S extends z.ZodType<Contract.ChatEvents[E]>>(
  event: E,
  data: S,
) => z.strictObject({ event: z.literal(event), data })

/** The events of a stream. */
export const ChatEvent = z
  .discriminatedUnion('event', [
    eventOf('start', z.strictObject({ ...TURN, model: z.string(), request_id: requestId })),
    eventOf('reasoning', Text),
    eventOf('content', Text),
    eventOf('usage', ChatUsage),
    eventOf(
      'done',
      z.strictObject({ finish_reason: finishReason, ending: z.enum(['done', 'stopped']) }),
    ),
    eventOf('error', Problem),
  ])
  .meta({
    id: 'ChatEvent',
    description:
      'An event of a stream: its name, and its data as JSON. First comes `start`, last `done` or `error`.',
  })
