/** A person's conversations: the list of them, and one as a whole. */

import { addTitleText, replaceTitleText } from './conversation-texts.ts'
import { makeConversation } from './conversations.ts'
import { repeatDeadlocked } from './deadlocks.ts'
import type { Database } from './mysql.ts'

export interface Conversation {
  /** Decimal. */
  readonly id: string
  readonly title: string
  readonly createdAt: Date
  readonly updatedAt: Date
}

/** A place in the list, which runs from new to old. */
export type ConversationPosition = Pick<Conversation, 'id' | 'updatedAt'>

export interface Conversations {
  /** Creates an empty conversation. @param at Unix milliseconds */
  create(uid: string, title: string, at: number): Promise<Conversation>
  /** Returns conversations by their last turn, newest first. */
  list(
    uid: string,
    after: ConversationPosition | undefined,
    limit: number,
  ): Promise<readonly Conversation[]>
  /** Returns the conversation, undefined also if it is somebody else's. */
  find(uid: string, id: string): Promise<Conversation | undefined>
  /** Returns the id of the newest answer in it that is still open, or null. */
  activeGeneration(id: string): Promise<string | null>
  /** Gives it another title; returns false if there is no such conversation. */
  rename(uid: string, id: string, title: string): Promise<boolean>
  /**
   * Takes it away from its owner at once and for good, however long it is; returns false if there is no
   * such conversation. conversation-remains.ts removes what is left.
   */
  remove(uid: string, id: string): Promise<boolean>
}

/** Who adds to the full-text index waits while MySQL moves it to disk, ms. */
const TITLE_TIMEOUT_MS = 3000

const SELECT = `SELECT id, title, created_at AS createdAt, updated_at AS updatedAt
  FROM conversations WHERE user_id = ?`

export function createConversations(db: Database): Conversations {
  return {
    create: (uid, title, at) =>
      db.transaction(async (tx) => {
        const [{ sql, params }] = makeConversation(uid, title, at)
        const { insertId: id } = await tx.execute(sql, params)
        if (title !== '') await addTitleText(tx, uid, id, title)
        return { id, title, createdAt: new Date(at), updatedAt: new Date(at) }
      }, TITLE_TIMEOUT_MS),

    list(uid, after, limit) {
      const order = 'ORDER BY updated_at DESC, id DESC LIMIT ?'
      if (after === undefined) return db.query<Conversation>(`${SELECT} ${order}`, [uid, limit])
      // The first half lets the index skip to the place; MySQL does not use rows for that.
      return db.query<Conversation>(
        `${SELECT} AND updated_at <= ? AND (updated_at < ? OR id < ?) ${order}`,
        [uid, after.updatedAt, after.updatedAt, after.id, limit],
      )
    },

    async find(uid, id) {
      const [found] = await db.query<Conversation>(`${SELECT} AND id = ?`, [uid, id])
      return found
    },

    async activeGeneration(id) {
      const [row] = await db.query<{ request_id: string }>(
        `SELECT request_id FROM messages FORCE INDEX (messages_standing)
         WHERE conversation_id = ? AND standing = 'open'
         ORDER BY conversation_id DESC, standing DESC, id DESC LIMIT 1`,
        [id],
      )
      return row?.request_id ?? null
    },

    rename: (uid, id, title) =>
      repeatDeadlocked(() =>
        db.transaction(async (tx) => {
          const { affectedRows } = await tx.execute(
            'UPDATE conversations SET title = ? WHERE id = ? AND user_id = ?',
            [title, id, uid],
          )
          if (affectedRows === 1) await replaceTitleText(tx, uid, id, title)
          return affectedRows === 1
        }, TITLE_TIMEOUT_MS),
      ),

    async remove(uid, id) {
      const { affectedRows } = await db.execute(
        'UPDATE conversations SET user_id = NULL WHERE id = ? AND user_id = ?',
        [id, uid],
      )
      return affectedRows === 1
    },
  }
}
