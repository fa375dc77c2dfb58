/** Conversations as a page asks for them, and such as nobody wants to write by hand. */

import assert from 'node:assert/strict'
import type {
  ConversationDetail,
  ConversationView,
  MessageView,
  Page,
  SearchHit,
} from '#contract/api.ts'
import type { ChatRequest } from '#contract/chat-events.ts'
import type { Plan } from '../../scripts/stack/plan.ts'
import type { Account } from './accounts.ts'
import type { Client } from './client.ts'
import { sqlRun } from './sql.ts'

export const CONVERSATIONS = '/api/conversations'

async function get<T>(client: Client, path: string): Promise<T> {
  const answer = await client.send(path)
  assert.equal(answer.status, 200, `${path}: ${answer.text}`)
  return answer.json<T>()
}

/** @param query with its question mark, or empty */
export function listOf(client: Client, query = ''): Promise<Page<ConversationView>> {
  return get(client, `${CONVERSATIONS}${query}`)
}

export function detailOf(client: Client, id: string): Promise<ConversationDetail> {
  return get(client, `${CONVERSATIONS}/${id}`)
}

export function messagesOf(client: Client, id: string, query = ''): Promise<Page<MessageView>> {
  return get(client, `${CONVERSATIONS}/${id}/messages${query}`)
}

/** Returns a message to which the stand-in answers with this text. */
export const say = (text: string) => `standin: delay=0 text=${text}`

export interface Said {
  readonly id: string
  readonly conversation: string
  readonly question: string
  readonly answer: string
}

/** Sends a body and reads the whole answer; returns the ids of the turn. */
export async function takeTurn(client: Client, body: ChatRequest): Promise<Said> {
  const answer = await client.send('/api/chat', { body: { ...body, stream: false } })
  assert.equal(answer.status, 200, answer.text)
  const told = answer.json<Record<string, string>>()
  return {
    id: told['generation_id'] ?? '',
    conversation: told['conversation_id'] ?? '',
    question: told['user_message_id'] ?? '',
    answer: told['message_id'] ?? '',
  }
}

export const textOf = ({ content }: MessageView) => content
export const idOf = ({ id }: MessageView) => id
export const textsOf = ({ items }: Page<MessageView>) => items.map(textOf)
export const idsOf = ({ items }: Page<MessageView>) => items.map(idOf)

/** Reads all pages. @param query of the first page, with a limit */
export async function pagesOf(client: Client, id: string, query: string) {
  const limit = /limit=\d+/.exec(query)?.[0]
  const pages: (readonly MessageView[])[] = []
  let next: string | null = query
  while (next !== null) {
    const page: Page<MessageView> = await messagesOf(client, id, next)
    pages.push(page.items)
    next = page.next && `?${limit}&cursor=${page.next}`
  }
  return pages
}

/** @param more further parameters, each with its `&` */
export function searchFor(client: Client, text: string, more = ''): Promise<Page<SearchHit>> {
  return get(client, `${CONVERSATIONS}/search?q=${encodeURIComponent(text)}${more}`)
}

/** Writes so many empty conversations, a second apart, older than any other. */
export async function plantEmpty(plan: Plan, { id }: Account, count: number): Promise<void> {
  const numbers = JSON.stringify(Array.from({ length: count }, (_, index) => index))
  await sqlRun(
    plan,
    `INSERT INTO conversations (user_id, title, created_at, updated_at)
     SELECT ?, CONCAT('number ', t.n), t.at, t.at FROM (
       SELECT n, '2026-01-01' + INTERVAL n SECOND AS at
       FROM JSON_TABLE(?, '$[*]' COLUMNS (n INT PATH '$')) numbers
     ) t`,
    [id, numbers],
  )
}

export interface Planted {
  readonly id: string
  /** Oldest first. */
  readonly messages: readonly string[]
}

/**
 * Writes a conversation of questions and answers in turn, each below the one before, straight into
 * MySQL. Search does not know them until `plantTexts`.
 */
export async function plantConversation(
  plan: Plan,
  { id: uid }: Account,
  texts: readonly string[],
  updatedAt = new Date(),
): Promise<Planted> {
  const at = updatedAt.toISOString().slice(0, -1)
  const made = await sqlRun(
    plan,
    'INSERT INTO conversations (user_id, title, created_at, updated_at) VALUES (?, ?, ?, ?)',
    [uid, 'planted', at, at],
  )
  const id = String(made.insertId)
  if (texts.length === 0) return { id, messages: [] }
  // One statement gives consecutive ids, so the parent of each is the one before.
  const rows = JSON.stringify(texts)
  const { insertId: first } = await sqlRun(
    plan,
    `INSERT INTO messages (conversation_id, role, content, state, request_id, created_at)
     SELECT ?, IF(t.n % 2 = 1, 'user', 'assistant'), t.content, 'done', LEFT(SHA2(CONCAT(?, '-', t.n), 256), 32), ?
     FROM JSON_TABLE(?, '$[*]' COLUMNS (n FOR ORDINALITY, content MEDIUMTEXT PATH '$')) t ORDER BY t.n`,
    [id, id, at, rows],
  )
  await sqlRun(
    plan,
    'UPDATE messages SET parent_id = id - 1 WHERE conversation_id = ? AND id > ? ORDER BY id',
    [id, first],
  )
  return { id, messages: texts.map((_, index) => String(first + index)) }
}

/** Adds what search looks through. */
export async function plantTexts(plan: Plan, { id: uid }: Account, id: string): Promise<void> {
  await sqlRun(
    plan,
    `INSERT INTO conversation_texts (user_id, conversation_id, message_id, body)
     SELECT ?, conversation_id, id, content FROM messages WHERE conversation_id = ? ORDER BY id`,
    [uid, id],
  )
}
