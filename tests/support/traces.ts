/** What a person's requests left behind. */

import type { Plan } from '../../scripts/stack/plan.ts'
import { sqlRows } from './sql.ts'

export interface Traces {
  readonly conversations: number
  readonly messages: number
  readonly usage: number
}

/** Counts what the user has stored. */
export async function tracesOf(plan: Plan, uid: string): Promise<Traces> {
  const [row] = await sqlRows(
    plan,
    `SELECT
      (SELECT COUNT(*) FROM conversations WHERE user_id = ?) AS conversations,
      (SELECT COUNT(*) FROM messages m JOIN conversations c ON c.id = m.conversation_id
        WHERE c.user_id = ?) AS messages,
      (SELECT COUNT(*) FROM token_usage WHERE user_id = ?) AS token_usage_rows`,
    [uid, uid, uid],
  )
  return {
    conversations: Number(row?.['conversations']),
    messages: Number(row?.['messages']),
    usage: Number(row?.['token_usage_rows']),
  }
}

/** The traces of somebody who has done nothing. */
export const NO_TRACES: Traces = { conversations: 0, messages: 0, usage: 0 }
