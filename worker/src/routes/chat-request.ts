/** The body of POST /api/chat. */

import { z } from 'zod'
import type { ChatRequest } from '#contract/chat-events.ts'
import { idParam } from './ids.ts'

/** Half a surrogate pair cannot be written as UTF-8. */
const isWellFormed = (text: string) => !/\p{Surrogate}/u.test(text)

const Choices = {
  model: z.string().min(1).max(100).exactOptional(),
  thinking: z.boolean().exactOptional(),
  effort: z.enum(['low', 'high', 'max']).exactOptional(),
  stream: z.boolean().exactOptional(),
}

/** A new message; only in a conversation there is something to go on from. */
const askOf = (maxCharacters: number) =>
  z
    .strictObject({
      message: z.string().max(maxCharacters).regex(/\S/).refine(isWellFormed),
      conversation_id: idParam.exactOptional(),
      parent_id: idParam.nullable().exactOptional(),
      regenerate: z.literal(false).exactOptional(),
      ...Choices,
    })
    .refine(({ conversation_id, parent_id }) => conversation_id !== undefined || !parent_id, {
      path: ['conversation_id'],
    })

/** The same question once more. */
const AskAgain = z.strictObject({
  regenerate: z.literal(true),
  conversation_id: idParam,
  parent_id: idParam,
  ...Choices,
})

/** Returns the schema of the body. @param maxCharacters of a message, in UTF-16 units */
export function chatBody(maxCharacters: number) {
  return z.discriminatedUnion('regenerate', [
    AskAgain,
    askOf(maxCharacters),
  ]) satisfies z.ZodType<ChatRequest>
}
