/** Conversations and their messages. Every function sees the owner's own conversations only. */

import { CONTEXT_CHARACTERS, CONTEXT_MESSAGES, titleOf } from '../domain/conversation-context.ts'
import type { Turn, TurnResult } from '../domain/turn.ts'
import type { PromptMessage } from '../domain/upstream-event.ts'
import { Failure } from '../failure.ts'
import type { Queries } from './mysql.ts'

/** Creates a conversation; returns its id. @param at Unix milliseconds, like all times here */
export async function createConversation(
  tx: Queries,
  uid: string,
  firstMessage: string,
  at: number,
): Promise<string> {
  const { insertId } = await tx.execute(
    'INSERT INTO conversations (user_id, title, created_at, updated_at) VALUES (?, ?, ?, ?)',
    [uid, titleOf(firstMessage), new Date(at), new Date(at)],
  )
  return insertId
}

/**
 * Returns the message that a new one in this conversation answers: the newest ended answer that has
 * text, or null if there is none. Failed and still running turns so become siblings, which the model
 * does not see.
 * @throws {Failure} conversation_not_found, also if it is somebody else's
 */
export async function findParent(
  db: Queries,
  uid: string,
  conversationId: string,
): Promise<string | null> {
  const [row] = await db.query<{ parent_id: string | null }>(
    `SELECT (SELECT m.id FROM messages m
        WHERE m.conversation_id = c.id AND m.role = 'assistant' AND m.state <> 'open'
          AND m.content <> ''
        ORDER BY m.id DESC LIMIT 1) AS parent_id
      FROM conversations c WHERE c.id = ? AND c.user_id = ?`,
    [conversationId, uid],
  )
  if (row === undefined) throw new Failure('conversation_not_found')
  return row.parent_id
}

/**
 * Returns a message and its chain of parents, newest first, at least as far as the context can reach
 * (conversation-context.ts decides what of it the model sees).
 */
export function readChain(db: Queries, messageId: string): Promise<PromptMessage[]> {
  return db.query<PromptMessage>(
    `WITH RECURSIVE chain (id, parent_id, depth, characters) AS (
       SELECT id, parent_id, 1, CHAR_LENGTH(content) FROM messages WHERE id = ?
       UNION ALL
       SELECT m.id, m.parent_id, chain.depth + 1, chain.characters + CHAR_LENGTH(m.content)
       FROM chain JOIN messages m ON m.id = chain.parent_id
       WHERE chain.depth < ? AND chain.characters < ?
     )
     SELECT m.role, m.content FROM chain JOIN messages m ON m.id = chain.id ORDER BY chain.depth`,
    [messageId, CONTEXT_MESSAGES, CONTEXT_CHARACTERS],
  )
}

export interface NewTurn {
  readonly conversationId: string
  readonly parentId: string | null
  readonly message: string
  readonly requestId: string
  readonly at: number
}

/** Adds a question and the empty, open answer to it. */
export async function appendTurn(
  tx: Queries,
  turn: NewTurn,
): Promise<{ readonly userMessageId: string; readonly messageId: string }> {
  const { conversationId, parentId, requestId } = turn
  const at = new Date(turn.at)
  const insert = `INSERT INTO messages (conversation_id, parent_id, role, content, state, request_id,
      created_at) VALUES (?, ?, ?, ?, ?, ?, ?)`
  const question = await tx.execute(insert, [
    conversationId,
    parentId,
    'user',
    turn.message,
    'done',
    requestId,
    at,
  ])
  const userMessageId = question.insertId
  const answer = await tx.execute(insert, [
    conversationId,
    userMessageId,
    'assistant',
    '',
    'open',
    requestId,
    at,
  ])
  await tx.execute('UPDATE conversations SET updated_at = ? WHERE id = ?', [at, conversationId])
  return { userMessageId, messageId: answer.insertId }
}

/** Writes what became of an answer; nothing happens if it is written already, or deleted. */
export async function writeAnswer(tx: Queries, turn: Turn, result: TurnResult): Promise<void> {
  const { ending } = result
  const state = ending === 'done' || ending === 'stopped' ? ending : 'failed'
  await tx.execute(
    "UPDATE messages SET content = ?, reasoning = ?, state = ? WHERE id = ? AND state = 'open'",
    [result.content, result.reasoning === '' ? null : result.reasoning, state, turn.messageId],
  )
}
