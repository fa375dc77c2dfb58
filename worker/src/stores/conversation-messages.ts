/**
 * Messages of a conversation for reading. They form a tree; what is read of it is a branch, page by
 * page up from its end or down from some message, or all of it. Callers have made sure whose it is.
 */

import type { MessageView } from '#contract/api.ts'
import { MAX_SIBLINGS, siblingsOf } from '../domain/message-siblings.ts'
import type { Database } from './mysql.ts'
import { USAGE_COLUMNS, type UsageRow, usageOf } from './usage-columns.ts'

/** Whatever returns messages with their texts returns at least one, and no more than fit into PART_BYTES. */
export interface ConversationMessages {
  /** Returns the message that was added last, which is the end of the newest branch; or undefined. */
  newest(conversationId: string): Promise<string | undefined>
  has(conversationId: string, id: string): Promise<boolean>
  /** Returns a message and those above it, newest first, at most `limit`. */
  upFrom(conversationId: string, id: string, limit: number): Promise<readonly MessageView[]>
  /** Returns the messages below one, at each fork the newest, oldest first, at most `limit`. */
  downFrom(conversationId: string, id: string, limit: number): Promise<MessagesBelow>
  /** Returns messages of all branches in the order in which they were added. */
  all(conversationId: string, afterId: string, limit: number): Promise<readonly StoredMessageView[]>
  /** Returns the ids of a message and of all above it, oldest first. */
  branch(conversationId: string, id: string): Promise<readonly string[]>
  /** Returns the first of these messages, in this order; none if the first is not there any more. */
  firstOf(ids: readonly string[]): Promise<readonly StoredMessageView[]>
}

export interface MessagesBelow {
  readonly items: readonly MessageView[]
  /** Whether there are messages below the last. */
  readonly hasMore: boolean
}

/** A message without a look at its siblings. */
export type StoredMessageView = Omit<MessageView, 'siblings'>

/** Questions have no usage. */
interface MessageRow extends Nullable<UsageRow> {
  readonly id: string
  readonly parent_id: string | null
  readonly role: MessageView['role']
  readonly content: string
  readonly reasoning: string | null
  readonly state: MessageView['state']
  readonly created_at: Date
  readonly request_id: string
}

type Nullable<T> = { readonly [K in keyof T]: T[K] | null }

const COLUMNS = `m.id, m.parent_id, m.role, m.content, m.reasoning, m.state, m.created_at, m.request_id,
  ${USAGE_COLUMNS}`

/** Question and answer carry the request's id; its usage is the answer's. */
const WITH_USAGE = `LEFT JOIN token_usage u ON u.request_id = m.request_id AND m.role = 'assistant'`

/** Steps of one statement; MySQL's own limit is 1000. */
const BRANCH_STEPS = 500

/** Bytes of text that are read, and written as JSON, at a time: a message may have 8 MB. */
const PART_BYTES = 1_000_000

/** Bytes of text of a message. */
const bytesOf = (table: string) =>
  `LENGTH(${table}.content) + COALESCE(LENGTH(${table}.reasoning), 0)`

/** What goes on with a `chain (id, depth, bytes)` of messages until its text is enough. */
const GOES_ON = `chain.depth < ? AND chain.bytes < ${PART_BYTES}`

/** The messages of a chain that fit. */
const FITTING = `FROM chain JOIN messages m ON m.id = chain.id ${WITH_USAGE}
  WHERE chain.depth = 1 OR (chain.depth > 1 AND chain.bytes <= ${PART_BYTES})
  ORDER BY chain.depth`

export function createConversationMessages(db: Database): ConversationMessages {
  async function withSiblings(
    conversationId: string,
    rows: readonly MessageRow[],
  ): Promise<MessageView[]> {
    if (rows.length === 0) return []
    // Spelt out in full, the order makes MySQL walk the index backwards and stop at the limit.
    const siblings = await db.query<{ of_id: string; id: string }>(
      `SELECT m.id AS of_id, s.id FROM messages m JOIN LATERAL (
         SELECT x.id FROM messages x FORCE INDEX (messages_siblings)
         WHERE x.conversation_id = ? AND x.parent_id <=> m.parent_id
         ORDER BY x.conversation_id DESC, x.parent_id DESC, x.id DESC LIMIT ?
       ) s WHERE m.id IN (?) ORDER BY s.id`,
      [conversationId, MAX_SIBLINGS, rows.map(({ id }) => id)],
    )
    const newest = new Map<string, string[]>(rows.map(({ id }) => [id, []]))
    for (const { of_id, id } of siblings) newest.get(of_id)?.push(id)
    return rows.map((row) => ({
      ...view(row),
      siblings: siblingsOf(row.id, newest.get(row.id) ?? []),
    }))
  }

  return {
    async newest(conversationId) {
      const [row] = await db.query<{ id: string }>(
        `SELECT id FROM messages FORCE INDEX (messages_conversation) WHERE conversation_id = ?
         ORDER BY conversation_id DESC, id DESC LIMIT 1`,
        [conversationId],
      )
      return row?.id
    },

    async has(conversationId, id) {
      const sql = 'SELECT 1 FROM messages WHERE id = ? AND conversation_id = ?'
      return (await db.query(sql, [id, conversationId])).length > 0
    },

    async upFrom(conversationId, id, limit) {
      const rows = await db.query<MessageRow>(
        `WITH RECURSIVE chain (id, parent_id, depth, bytes) AS (
           SELECT m.id, m.parent_id, 1, ${bytesOf('m')} FROM messages m
           WHERE m.id = ? AND m.conversation_id = ?
           UNION ALL
           SELECT m.id, m.parent_id, chain.depth + 1, chain.bytes + ${bytesOf('m')}
           FROM chain JOIN messages m ON m.id = chain.parent_id WHERE ${GOES_ON}
         )
         SELECT ${COLUMNS} ${FITTING}`,
        [id, conversationId, limit],
      )
      return withSiblings(conversationId, rows)
    },

    async downFrom(conversationId, id, limit) {
      const rows = await db.query<MessageRow & { readonly has_child: string | number }>(
        `WITH RECURSIVE chain (id, depth, bytes) AS (
           SELECT CAST(? AS UNSIGNED), 0, 0
           UNION ALL
           SELECT child.id, chain.depth + 1, chain.bytes + child.bytes
           FROM chain JOIN LATERAL (
             SELECT x.id, ${bytesOf('x')} AS bytes FROM messages x FORCE INDEX (messages_siblings)
             WHERE x.conversation_id = ? AND x.parent_id = chain.id
             ORDER BY x.conversation_id DESC, x.parent_id DESC, x.id DESC LIMIT 1
           ) child WHERE ${GOES_ON}
         )
         SELECT ${COLUMNS}, EXISTS (
           SELECT 1 FROM messages y FORCE INDEX (messages_siblings)
           WHERE y.conversation_id = m.conversation_id AND y.parent_id = m.id
         ) AS has_child ${FITTING}`,
        [id, conversationId, limit],
      )
      return {
        items: await withSiblings(conversationId, rows),
        // A number or a text, depending on how MySQL chose to look.
        hasMore: Number(rows.at(-1)?.has_child) === 1,
      }
    },

    async all(conversationId, afterId, limit) {
      const rows = await db.query<MessageRow>(
        `WITH RECURSIVE chain (id, depth, bytes) AS (
           SELECT CAST(? AS UNSIGNED), 0, 0
           UNION ALL
           SELECT later.id, chain.depth + 1, chain.bytes + later.bytes
           FROM chain JOIN LATERAL (
             SELECT x.id, ${bytesOf('x')} AS bytes FROM messages x FORCE INDEX (messages_conversation)
             WHERE x.conversation_id = ? AND x.id > chain.id
             ORDER BY x.conversation_id, x.id LIMIT 1
           ) later WHERE ${GOES_ON}
         )
         SELECT ${COLUMNS} ${FITTING}`,
        [afterId, conversationId, limit],
      )
      return rows.map(view)
    },

    async branch(conversationId, id) {
      const ids: string[] = []
      let from: string | null = id
      while (from !== null) {
        const rows: readonly { id: string; parent_id: string | null }[] = await db.query(
          `WITH RECURSIVE chain (id, parent_id, depth) AS (
             SELECT id, parent_id, 1 FROM messages WHERE id = ? AND conversation_id = ?
             UNION ALL
             SELECT m.id, m.parent_id, chain.depth + 1
             FROM chain JOIN messages m ON m.id = chain.parent_id WHERE chain.depth < ?
           )
           SELECT id, parent_id FROM chain ORDER BY depth`,
          [from, conversationId, BRANCH_STEPS],
        )
        ids.push(...rows.map((row) => row.id))
        from = rows.at(-1)?.parent_id ?? null
      }
      return ids.reverse()
    },

    async firstOf(ids) {
      const rows = await db.query<MessageRow>(
        `WITH RECURSIVE chain (id, depth, bytes) AS (
           SELECT CAST(0 AS UNSIGNED), 0, 0
           UNION ALL
           SELECT m.id, chain.depth + 1, chain.bytes + ${bytesOf('m')}
           FROM chain JOIN messages m ON m.id = CAST(ELT(chain.depth + 1, ?) AS UNSIGNED)
           WHERE ${GOES_ON}
         )
         SELECT ${COLUMNS} ${FITTING}`,
        [ids, ids.length],
      )
      return rows.map(view)
    },
  }
}

function view(row: MessageRow): StoredMessageView {
  return {
    id: row.id,
    parent_id: row.parent_id,
    role: row.role,
    content: row.content,
    reasoning: row.reasoning ?? '',
    state: row.state,
    created_at: row.created_at.toISOString(),
    generation_id: row.request_id,
    model: row.model ?? row.model_requested,
    ending: row.ending,
    finish_reason: row.finish_reason,
    usage: isSettled(row) ? usageOf(row) : null,
  }
}

function isSettled(row: MessageRow): row is MessageRow & UsageRow {
  return row.usage_state === 'settled'
}
