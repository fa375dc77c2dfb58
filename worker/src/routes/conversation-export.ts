/** GET /api/conversations/{id}/export: a conversation as a file, sent piece by piece. */

import { Hono } from 'hono'
import { z } from 'zod'
import type { Lang } from '#contract/lang.ts'
import type { App, AppEnv } from '../context.ts'
import type { Deps } from '../deps.ts'
import { attachment, markdownHead, markdownMessage } from '../domain/export-file.ts'
import { Failure } from '../failure.ts'
import type { Conversation } from '../stores/conversation-list.ts'
import type { ConversationMessages } from '../stores/conversation-messages.ts'
import { ExportedConversation } from './conversation-schema.ts'
import { conversationView, findConversation, ONE_CONVERSATION } from './conversations.ts'
import { type OperationSpec, operation, serve } from './operation.ts'
import { textStream } from './text-stream.ts'

const ExportQuery = z.strictObject({ format: z.enum(['json', 'markdown']).default('json') })

const exportConversation = operation({
  ...ONE_CONVERSATION,
  id: 'exportConversation',
  method: 'get',
  path: '/api/conversations/{id}/export',
  summary: 'Gives a conversation as a file: all branches as JSON, or the newest as Markdown.',
  isLimited: true,
  query: ExportQuery,
  answers: {
    200: {
      description: 'The file, sent while it is read. If it breaks off, it is not whole.',
      schema: ExportedConversation,
      type: 'text/markdown',
      headers: { 'Content-Disposition': 'Its name, made of the title.' },
    },
  },
})

export const CONVERSATION_EXPORT_OPERATIONS: readonly OperationSpec[] = [exportConversation]

/** Messages that are in memory at a time, fewer if they are long. */
const BATCH = 20

type Pieces = AsyncGenerator<string, void>

export function conversationExportRoutes(deps: Deps): App {
  const app: App = new Hono<AppEnv>()
  const messages = deps.conversationMessages

  serve(app, exportConversation, async (c, { who, params, query }) => {
    const { format } = query
    const conversation = await findConversation(deps, who.uid, params.id)
    const [extension, type, pieces] =
      format === 'json'
        ? (['json', 'application/json', jsonPieces(messages, conversation)] as const)
        : (['md', 'text/markdown', markdownPieces(messages, conversation, c.var.lang)] as const)
    return textStream(pieces, {
      'Content-Type': `${type}; charset=utf-8`,
      'Content-Disposition': attachment(
        conversation.title,
        `conversation-${conversation.id}`,
        extension,
      ),
    })
  })

  return app
}

/** The whole tree: each message names its parent. */
async function* jsonPieces(messages: ConversationMessages, conversation: Conversation): Pieces {
  const { id } = conversation
  let batch = await messages.all(id, '0', BATCH)
  let separator = '\n'
  yield `{"conversation":${JSON.stringify(conversationView(conversation))},"messages":[`
  while (batch.length > 0) {
    for (const message of batch) {
      yield `${separator}${JSON.stringify(message)}`
      separator = ',\n'
    }
    batch = await messages.all(id, batch.at(-1)?.id ?? '0', BATCH)
  }
  yield '\n]}\n'
}

/** The newest branch, as it is read. */
async function* markdownPieces(
  messages: ConversationMessages,
  conversation: Conversation,
  lang: Lang,
): Pieces {
  const { id } = conversation
  const leaf = await messages.newest(id)
  const branch = leaf === undefined ? [] : await messages.branch(id, leaf)
  yield markdownHead(conversationView(conversation), lang)
  for (let at = 0; at < branch.length; ) {
    const batch = await messages.firstOf(branch.slice(at, at + BATCH))
    // Deleted meanwhile: what was sent is not the whole.
    if (batch.length === 0) throw new Failure('conversation_not_found')
    for (const message of batch) yield markdownMessage(message, lang)
    at += batch.length
  }
}
