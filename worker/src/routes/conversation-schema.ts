/** What the answers about conversations hold. */

import { z } from 'zod'
import type * as Contract from '#contract/api.ts'
import { ending, requestId, time } from './answer-values.ts'
import { ChatUsage } from './chat-schema.ts'
import { idParam } from './ids.ts'

const author = z.enum(['user', 'assistant'])

export const Conversation = z
  .strictObject({
    id: idParam,
    title: z.string().meta({ description: 'Empty until its first message.' }),
    created_at: time,
    updated_at: time.meta({ description: 'Of the last turn; a new title does not count.' }),
  })
  .meta({ id: 'Conversation' }) satisfies z.ZodType<Contract.ConversationView>

export const ConversationDetail = Conversation.extend({
  active_generation: requestId
    .nullable()
    .meta({ description: 'The newest answer that is still being written.' }),
}).meta({ id: 'ConversationDetail' }) satisfies z.ZodType<Contract.ConversationDetail>

/** A message without a look at its siblings. */
const StoredMessage = z
  .strictObject({
    id: idParam,
    parent_id: idParam.nullable().meta({ description: 'Null: a beginning of the conversation.' }),
    role: author,
    content: z.string().meta({
      description: 'Empty while an answer is being written: its generation has the text.',
    }),
    reasoning: z.string(),
    state: z.enum(['open', 'done', 'stopped', 'failed', 'interrupted']),
    created_at: time,
    generation_id: requestId.meta({ description: 'The call that wrote it.' }),
    model: z
      .string()
      .nullable()
      .meta({ description: 'That answered, or was asked; null for questions.' }),
    ending: ending.nullable().meta({ description: 'Null for questions.' }),
    finish_reason: z.string().nullable(),
    usage: ChatUsage.nullable().meta({ description: 'Null for questions, and until the end.' }),
  })
  .meta({ id: 'StoredMessage' }) satisfies z.ZodType<Omit<Contract.MessageView, 'siblings'>>

export const Message = StoredMessage.extend({
  siblings: z.strictObject({ ids: z.array(idParam), position: z.int().min(0) }).meta({
    description:
      'Messages with the same parent, oldest first, beyond 50 the newest and the message itself; and its place among them.',
  }),
}).meta({ id: 'Message' }) satisfies z.ZodType<Contract.MessageView>

export const SearchHit = z
  .strictObject({
    conversation_id: idParam,
    title: z.string(),
    message_id: idParam.nullable().meta({ description: 'Null: the title was found.' }),
    role: author.nullable(),
    created_at: time,
    snippet: z.string().meta({ description: 'The text around the first find, on one line.' }),
    highlights: z.array(z.tuple([z.int().min(0), z.int().min(0)])).meta({
      description: 'Places of what was searched in `snippet`: start and end in UTF-16 units.',
    }),
  })
  .meta({ id: 'SearchHit' }) satisfies z.ZodType<Contract.SearchHit>

export const ExportedConversation = z
  .strictObject({ conversation: Conversation, messages: z.array(StoredMessage) })
  .meta({ id: 'ExportedConversation' })
