/** /api/conversations: a person's conversations and the messages in them. */

import { Hono } from 'hono'
import { z } from 'zod'
import type { ConversationDetail, ConversationView, MessageView, Page } from '#contract/api.ts'
import type { App, AppContext, AppEnv } from '../context.ts'
import type { Deps } from '../deps.ts'
import { createCursors } from '../domain/cursor.ts'
import { Failure } from '../failure.ts'
import { requireUser } from '../guards.ts'
import type { Conversation, ConversationPosition } from '../stores/conversation-list.ts'
import { isId } from './ids.ts'
import { parseJson, parseQuery } from './json-body.ts'
import { messageBranch } from './message-branch.ts'
import { cursorParam, limitParamOf, readCursor, toPage } from './paging.ts'

const PAGE = 30
const MAX_TITLE_CHARACTERS = 200

/** One line; half a surrogate pair cannot be written as UTF-8. */
const Title = z
  .string()
  .trim()
  .min(1)
  .max(MAX_TITLE_CHARACTERS)
  .regex(/^[^\p{Cc}\p{Surrogate}\p{Zl}\p{Zp}]*$/u)

const NewConversation = z.strictObject({ title: Title.exactOptional() })
const Rename = z.strictObject({ title: Title })
const ListQuery = z.strictObject({ limit: limitParamOf(PAGE), cursor: cursorParam })

export function conversationRoutes(deps: Deps): App {
  const app: App = new Hono<AppEnv>()
  const { conversations } = deps
  const cursors = createCursors(deps.env.workerSecret, 'conversations')

  app.post('/api/conversations', async (c) => {
    const { uid } = requireUser(c)
    const { title = '' } = await parseJson(c, NewConversation)
    return c.json(conversationView(await conversations.create(uid, title, deps.now())), 201)
  })

  app.get('/api/conversations', async (c) => {
    const { uid } = requireUser(c)
    const { limit, cursor } = parseQuery(c, ListQuery)
    const after = toPosition(readCursor(cursors, cursor))
    const found = await conversations.list(uid, after, limit + 1)
    const cursorOf = ({ id, updatedAt }: Conversation) =>
      cursors.encode([String(updatedAt.getTime()), id])
    return c.json(toPage(found, limit, conversationView, cursorOf))
  })

  app.get('/api/conversations/:id', async (c) => {
    const conversation = await findConversation(deps, c)
    const active_generation = await conversations.activeGeneration(conversation.id)
    const detail: ConversationDetail = { ...conversationView(conversation), active_generation }
    return c.json(detail)
  })

  app.patch('/api/conversations/:id', async (c) => {
    const { uid } = requireUser(c)
    const { title } = await parseJson(c, Rename)
    const id = conversationId(c)
    if (!(await conversations.rename(uid, id, title))) throw new Failure('conversation_not_found')
    return c.body(null, 204)
  })

  /** An answer that still runs goes on and is billed; its text is not kept. */
  app.delete('/api/conversations/:id', async (c) => {
    const { uid } = requireUser(c)
    const id = conversationId(c)
    if (!(await conversations.remove(uid, id))) throw new Failure('conversation_not_found')
    deps.log.info({ requestId: c.var.requestId, uid, conversation: id }, 'conversation deleted')
    deps.conversationPurge.wake()
    return c.body(null, 204)
  })

  const branch = messageBranch(deps)

  app.get('/api/conversations/:id/messages', async (c) => {
    const page: Page<MessageView> = await branch(c, (await findConversation(deps, c)).id)
    return c.json(page)
  })

  return app
}

/**
 * Returns the conversation that the address names.
 * @throws {Failure} unauthenticated, conversation_not_found, also if it is somebody else's
 */
export async function findConversation(deps: Deps, c: AppContext): Promise<Conversation> {
  const found = await deps.conversations.find(requireUser(c).uid, conversationId(c))
  if (found === undefined) throw new Failure('conversation_not_found')
  return found
}

export function conversationView(conversation: Conversation): ConversationView {
  return {
    id: conversation.id,
    title: conversation.title,
    created_at: conversation.createdAt.toISOString(),
    updated_at: conversation.updatedAt.toISOString(),
  }
}

function conversationId(c: AppContext): string {
  const id = c.req.param('id') ?? ''
  if (!isId(id)) throw new Failure('conversation_not_found')
  return id
}

function toPosition(parts: readonly string[] | undefined): ConversationPosition | undefined {
  if (parts === undefined) return undefined
  const [updatedAt, id = ''] = parts
  return { updatedAt: new Date(Number(updatedAt)), id }
}
