/** What POST /api/chat is, and stopping and resuming the answer to it. */

import { z } from 'zod'
import { requestId } from './answer-values.ts'
import { chatBody } from './chat-request.ts'
import { ChatAnswer } from './chat-schema.ts'
import { operation } from './operation.ts'

const TAG = 'Chat'
const EVENT_STREAM = 'text/event-stream'

const Answer = z.strictObject({ generation_id: requestId })

const stopAnswer = operation({
  id: 'stopAnswer',
  method: 'post',
  path: '/api/chat/{generation_id}/stop',
  tag: TAG,
  summary: 'Stops an answer within a second; what came so far is kept and billed.',
  access: 'user',
  isLimited: false,
  params: Answer,
  missing: 'generation_not_found',
  answers: { 204: { description: 'It is stopped, or had ended already.' } },
})

const readAnswer = operation({
  id: 'readAnswer',
  method: 'get',
  path: '/api/chat/{generation_id}/events',
  tag: TAG,
  summary: 'Reads an answer, running or ended, from its beginning or from where a reader was.',
  access: 'user',
  params: Answer,
  missing: 'generation_not_found',
  headers: z.object({
    'Last-Event-ID': z
      .string()
      .exactOptional()
      .meta({ description: 'The `id` of the last event that was read, such as `r0.c120`.' }),
  }),
  answers: {
    200: {
      description: 'The events that follow; each is a `ChatEvent`.',
      type: EVENT_STREAM,
    },
  },
})

/** Returns the operations. @param messageCharacters longest message, in UTF-16 units */
export function chatOperations({ messageCharacters }: { readonly messageCharacters: number }) {
  const chat = operation({
    id: 'chat',
    method: 'post',
    path: '/api/chat',
    tag: TAG,
    summary: 'Asks a question, edits one, or has one answered once more.',
    description:
      'The answer goes on when the caller leaves: it is read again under its `generation_id`. Errors before its beginning have a status; later ones are an `error` event.',
    access: 'user',
    body: chatBody(messageCharacters),
    answers: {
      200: {
        description:
          'Streamed, each event a `ChatEvent`; or with `stream: false` the whole answer.',
        schema: ChatAnswer,
        type: EVENT_STREAM,
      },
    },
    problems: [
      'too_many_streams',
      'conversation_not_found',
      'message_not_found',
      'answer_running',
      'no_upstream_key',
      'shutting_down',
      'upstream_content_risk',
      'upstream_context_length',
      'upstream_unknown_model',
      'upstream_rejected_request',
      'upstream_unavailable',
      'upstream_interrupted',
      'upstream_key_rejected',
      'upstream_balance',
      'upstream_busy',
      'upstream_timeout',
    ],
  })
  return { chat, stopAnswer, readAnswer }
}
