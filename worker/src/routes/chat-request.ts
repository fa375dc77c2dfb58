/** The body of POST /api/chat. */

import { z } from 'zod'
import type { ChatRequest } from '#contract/chat-events.ts'

const MAX_MESSAGE_CHARACTERS = 32_000

/** Half a surrogate pair cannot be written as UTF-8. */
const isWellFormed = (text: string) => !/\p{Surrogate}/u.test(text)

export const ChatBody = z.strictObject({
  message: z.string().max(MAX_MESSAGE_CHARACTERS).regex(/\S/).refine(isWellFormed),
  conversation_id: z
    .string()
    .regex(/^[1-9]\d{0,18}$/)
    .exactOptional(),
  model: z.string().min(1).max(100).exactOptional(),
  thinking: z.boolean().exactOptional(),
  effort: z.enum(['low', 'high', 'max']).exactOptional(),
  stream: z.boolean().exactOptional(),
}) satisfies z.ZodType<ChatRequest>
