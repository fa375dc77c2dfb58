/** What is left of deleted conversations: rows that nobody can see any more. */

import type { Database } from './mysql.ts'

export interface ConversationRemains {
  /** Removes some of them; returns false if there were none. */
  removeSome(): Promise<boolean>
}

/** Rows of each table in one statement: it holds their locks for some milliseconds only. */
const BATCH = 500
const TIMEOUT_MS = 5000

export function createConversationRemains(db: Database): ConversationRemains {
  return {
    async removeSome() {
      const [deleted] = await db.query<{ id: string }>(
        'SELECT id FROM conversations WHERE user_id IS NULL LIMIT 1',
      )
      if (deleted === undefined) return false
      // Bills stay. Texts come last, because some are added while their message is there; each
      // statement is by itself, so that none waits for another while it holds locks.
      let left = 0
      for (const statement of [
        'UPDATE token_usage SET conversation_id = NULL WHERE conversation_id = ? LIMIT ?',
        'DELETE FROM messages WHERE conversation_id = ? ORDER BY conversation_id, id LIMIT ?',
        'DELETE FROM conversation_texts WHERE conversation_id = ? LIMIT ?',
      ]) {
        const options = { timeoutMs: TIMEOUT_MS }
        const { affectedRows } = await db.execute(statement, [deleted.id, BATCH], options)
        left = Math.max(left, affectedRows)
      }
      if (left < BATCH) {
        const last = 'DELETE FROM conversations WHERE id = ? AND user_id IS NULL'
        await db.execute(last, [deleted.id])
      }
      return true
    },
  }
}
