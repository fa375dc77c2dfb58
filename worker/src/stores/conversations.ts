/** The messages of a turn in MySQL. Every function sees the owner's own conversations only. */

import { CONTEXT_MESSAGES, type StoredMessage, titleOf } from '../domain/conversation-context.ts'
import { estimateTokens } from '../domain/token-estimate.ts'
import type { TurnEnding, TurnResult } from '../domain/turn.ts'
import { Failure } from '../failure.ts'
import type { Queries, Statement } from './mysql.ts'

/** Makes a conversation and names it `@conversation`. @param at Unix milliseconds, like all times here */
export function makeConversation(
  uid: string,
  title: string,
  at: number,
): readonly [Statement, Statement] {
  return [
    {
      sql: 'INSERT INTO conversations (user_id, title, created_at, updated_at) VALUES (?, ?, ?, ?)',
      params: [uid, title, new Date(at), new Date(at)],
    },
    { sql: 'SET @conversation = LAST_INSERT_ID()' },
  ]
}

/**
 * Notes a turn that begins, before anything is added: whoever begins another one in the same
 * conversation waits until this one is stored. A conversation without a title gets that of the message.
 * Names it `@conversation`; null, and no affected row, if it was deleted meanwhile.
 */
export function touchConversation(
  uid: string,
  conversationId: string,
  message: string,
  at: number,
): readonly Statement[] {
  return [
    {
      sql: `UPDATE conversations SET updated_at = ?, title = IF(title = '', ?, title)
        WHERE id = ? AND user_id = ?`,
      params: [new Date(at), titleOf(message), conversationId, uid],
    },
    {
      sql: 'SET @conversation = IF(ROW_COUNT() = 1, CAST(? AS UNSIGNED), NULL)',
      params: [conversationId],
    },
  ]
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
    `SELECT (SELECT m.id FROM messages m FORCE INDEX (messages_standing)
        WHERE m.conversation_id = c.id AND m.standing = 'answered'
        ORDER BY m.conversation_id DESC, m.standing DESC, m.id DESC LIMIT 1) AS parent_id
      FROM conversations c WHERE c.id = ? AND c.user_id = ?`,
    [conversationId, uid],
  )
  if (row === undefined) throw new Failure('conversation_not_found')
  return row.parent_id
}

/**
 * Makes sure that a message can be gone on from.
 * @param role what it has to be: a question to answer, or an answer to reply to
 * @throws {Failure} conversation_not_found, message_not_found, answer_running, or invalid_request if it
 * is the other of the two
 */
export async function checkParent(
  db: Queries,
  uid: string,
  conversationId: string,
  parentId: string,
  role: 'user' | 'assistant',
): Promise<void> {
  const [row] = await db.query<{ role: 'user' | 'assistant' | null; state: string }>(
    `SELECT m.role, m.state FROM conversations c
     LEFT JOIN messages m ON m.id = ? AND m.conversation_id = c.id
     WHERE c.id = ? AND c.user_id = ?`,
    [parentId, conversationId, uid],
  )
  if (row === undefined) throw new Failure('conversation_not_found')
  if (row.role === null) throw new Failure('message_not_found')
  if (row.role !== role) {
    const message = role === 'user' ? 'not a question' : 'not an answer'
    throw new Failure('invalid_request', { errors: [{ field: 'parent_id', message }] })
  }
  if (row.state === 'open') throw new Failure('answer_running')
}

/**
 * Returns a message and its chain of parents, newest first, at least as far as the context can reach
 * (conversation-context.ts decides what of it the model sees).
 * @param room tokens that the context has
 */
export function readChain(db: Queries, messageId: string, room: number): Promise<StoredMessage[]> {
  // A character is at least 0.3 token (token-estimate.ts), so nothing that fits is left out.
  const tokens = (table: string) =>
    `COALESCE(${table}.tokens, CHAR_LENGTH(${table}.content) * 3 DIV 10)`
  return db.query<StoredMessage>(
    `WITH RECURSIVE chain (id, parent_id, depth, tokens) AS (
       SELECT m.id, m.parent_id, 0, ${tokens('m')} FROM messages m WHERE m.id = ?
       UNION ALL
       SELECT m.id, m.parent_id, chain.depth + 1, chain.tokens + ${tokens('m')}
       FROM chain JOIN messages m ON m.id = chain.parent_id
       WHERE chain.depth < ? AND chain.tokens < ?
     )
     SELECT m.role, m.content, m.tokens
     FROM chain JOIN messages m ON m.id = chain.id ORDER BY chain.depth`,
    [messageId, CONTEXT_MESSAGES, room],
  )
}

/** A message that is added to `@conversation`, if that is not null. */
export interface NewMessage {
  readonly requestId: string
  readonly at: number
}

/** Adds a question and names it `@question`. */
export function addQuestion(
  message: NewMessage,
  parentId: string | null,
  content: string,
  tokens: number,
): readonly Statement[] {
  return [
    addMessage(message, { sql: '?', params: [parentId] }, 'user', 'done', content, tokens),
    { sql: 'SET @question = LAST_INSERT_ID()' },
  ]
}

/** Adds the empty, open answer to `@question`. */
export function addAnswer(message: NewMessage): Statement {
  return addMessage(message, { sql: '@question', params: [] }, 'assistant', 'open', '', null)
}

function addMessage(
  { requestId, at }: NewMessage,
  parent: Required<Statement>,
  role: 'user' | 'assistant',
  state: 'open' | 'done',
  content: string,
  tokens: number | null,
): Statement {
  return {
    sql: `INSERT INTO messages (conversation_id, parent_id, role, content, tokens, state, request_id,
        created_at)
      SELECT @conversation, ${parent.sql}, ?, ?, ?, ?, ?, ? FROM DUAL WHERE @conversation IS NOT NULL`,
    params: [...parent.params, role, content, tokens, state, requestId, new Date(at)],
  }
}

/** What people are told of an answer that ended so. */
const STATE_OF: Readonly<Record<TurnEnding, 'done' | 'stopped' | 'failed' | 'interrupted'>> = {
  done: 'done',
  stopped: 'stopped',
  interrupted: 'interrupted',
  client_gone: 'interrupted',
  timeout: 'failed',
  upstream_error: 'failed',
}

/** Writes what became of an answer; nothing happens if it is written already, or deleted. */
export function writeAnswer(
  messageId: string,
  { ending, content, reasoning }: Pick<TurnResult, 'ending' | 'content' | 'reasoning'>,
): Statement {
  return {
    sql: `UPDATE messages SET content = ?, reasoning = ?, tokens = ?, state = ?, text_due = TRUE
      WHERE id = ? AND state = 'open'`,
    params: [
      content,
      reasoning === '' ? null : reasoning,
      estimateTokens(content),
      STATE_OF[ending],
      messageId,
    ],
  }
}
