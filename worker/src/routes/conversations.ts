/** /api/conversations: a person's conversations and the messages in them. */

import { Hono } from 'hono'
import { z } from 'zod'
import type { ConversationDetail, ConversationView, MessageView, Page } from '#contract/api.ts'
import type { App, AppEnv } from '../context.ts'
import type { Deps } from '../deps.ts'
import { createCursors } from '../domain/cursor.ts'
import { Failure } from '../failure.ts'
import type { Conversation, ConversationPosition } from '../stores/conversation-list.ts'
import * as Schema from './conversation-schema.ts'
import { idParam } from './ids.ts'
import { BranchQuery, messageBranch } from './message-branch.ts'
import { type OperationSpec, operation, serve } from './operation.ts'
import { cursorParam, limitParamOf, pageOf, readCursor, toPage } from './paging.ts'

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

/** What every operation on one conversation has. */
export const ONE_CONVERSATION = {
  tag: 'Conversations',
  access: 'user',
  params: z.strictObject({ id: idParam }),
  missing: 'conversation_not_found',
} as const

const createConversation = operation({
  id: 'createConversation',
  method: 'post',
  path: '/api/conversations',
  tag: 'Conversations',
  summary: 'Makes an empty conversation; a chat without one makes its own.',
  access: 'user',
  body: NewConversation,
  answers: { 201: { description: 'The new conversation.', schema: Schema.Conversation } },
})

const listConversations = operation({
  id: 'listConversations',
  method: 'get',
  path: '/api/conversations',
  tag: 'Conversations',
  summary: 'Lists the conversations of whoever is signed in.',
  access: 'user',
  query: ListQuery,
  answers: {
    200: { description: 'The latest turn first.', schema: pageOf(Schema.Conversation) },
  },
})

const getConversation = operation({
  ...ONE_CONVERSATION,
  id: 'getConversation',
  method: 'get',
  path: '/api/conversations/{id}',
  summary: 'Shows a conversation without its messages.',
  answers: { 200: { description: 'It.', schema: Schema.ConversationDetail } },
})

const renameConversation = operation({
  ...ONE_CONVERSATION,
  id: 'renameConversation',
  method: 'patch',
  path: '/api/conversations/{id}',
  summary: 'Gives a conversation another title.',
  body: Rename,
  answers: { 204: { description: 'It has the title.' } },
})

const deleteConversation = operation({
  ...ONE_CONVERSATION,
  id: 'deleteConversation',
  method: 'delete',
  path: '/api/conversations/{id}',
  summary: 'Deletes a conversation; what it cost stays in the books.',
  description: 'An answer that still runs goes on and is billed; its text is not kept.',
  answers: { 204: { description: 'It is deleted.' } },
})

const listMessages = operation({
  ...ONE_CONVERSATION,
  id: 'listMessages',
  method: 'get',
  path: '/api/conversations/{id}/messages',
  summary: 'Reads a branch of a conversation, page by page.',
  description:
    'Without `leaf` and `below` the newest branch, from its end up. Messages of a page stand in the order in which they are read, whichever way the pages go.',
  query: BranchQuery,
  answers: { 200: { description: 'A page of messages.', schema: pageOf(Schema.Message) } },
  problems: ['message_not_found'],
})

export const CONVERSATION_OPERATIONS: readonly OperationSpec[] = [
  createConversation,
  listConversations,
  getConversation,
  renameConversation,
  deleteConversation,
  listMessages,
]

export function conversationRoutes(deps: Deps): App {
  const app: App = new Hono<AppEnv>()
  const { conversations } = deps
  const cursors = createCursors(deps.env.workerSecret, 'conversations')

  serve(app, createConversation, async (c, { who, body }) => {
    const { title = '' } = body
    return c.json(conversationView(await conversations.create(who.uid, title, deps.now())), 201)
  })

  serve(app, listConversations, async (c, { who, query }) => {
    const { limit, cursor } = query
    const after = toPosition(readCursor(cursors, cursor))
    const found = await conversations.list(who.uid, after, limit + 1)
    const cursorOf = ({ id, updatedAt }: Conversation) =>
      cursors.encode([String(updatedAt.getTime()), id])
    return c.json(toPage(found, limit, conversationView, cursorOf))
  })

  serve(app, getConversation, async (c, { who, params }) => {
    const conversation = await findConversation(deps, who.uid, params.id)
    const active_generation = await conversations.activeGeneration(conversation.id)
    const detail: ConversationDetail = { ...conversationView(conversation), active_generation }
    return c.json(detail)
  })

  serve(app, renameConversation, async (c, { who, params, body }) => {
    const isDone = await conversations.rename(who.uid, params.id, body.title)
    if (!isDone) throw new Failure('conversation_not_found')
    return c.body(null, 204)
  })

  serve(app, deleteConversation, async (c, { who, params }) => {
    const { uid } = who
    const { id } = params
    if (!(await conversations.remove(uid, id))) throw new Failure('conversation_not_found')
    deps.log.info({ requestId: c.var.requestId, uid, conversation: id }, 'conversation deleted')
    deps.conversationPurge.wake()
    return c.body(null, 204)
  })

  const branch = messageBranch(deps)

  serve(app, listMessages, async (c, { who, params, query }) => {
    const { id } = await findConversation(deps, who.uid, params.id)
    const page: Page<MessageView> = await branch(c, id, query)
    return c.json(page)
  })

  return app
}

/**
 * Returns a conversation of this user.
 * @throws {Failure} conversation_not_found, also if it is somebody else's
 */
export async function findConversation(deps: Deps, uid: string, id: string): Promise<Conversation> {
  const found = await deps.conversations.find(uid, id)
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

function toPosition(parts: readonly string[] | undefined): ConversationPosition | undefined {
  if (parts === undefined) return undefined
  const [updatedAt, id = ''] = parts
  return { updatedAt: new Date(Number(updatedAt)), id }
}
