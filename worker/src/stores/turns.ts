/** A turn in MySQL: its messages and its usage row begin together and end together. */

import { buildPrompt } from '../domain/conversation-context.ts'
import { estimatePromptTokens } from '../domain/token-estimate.ts'
import type { Turn, TurnResult } from '../domain/turn.ts'
import type { ChatCall } from '../domain/upstream-event.ts'
import {
  appendTurn,
  createConversation,
  findParent,
  readChain,
  writeAnswer,
} from './conversations.ts'
import type { Database } from './mysql.ts'
import { openUsage, settleUsage } from './token-usage.ts'

/** What a person asked. */
export interface Question {
  readonly requestId: string
  readonly uid: string
  readonly message: string
  /** Undefined: a new conversation. */
  readonly conversationId: string | undefined
  readonly apiKeyId: string
  readonly call: Omit<ChatCall, 'messages' | 'requestId'>
}

export interface Turns {
  /**
   * Stores the question, the open answer and the open usage row, and returns the turn with its
   * prompt. @throws {Failure} conversation_not_found, storage_unavailable
   */
  begin(question: Question): Promise<Turn>
  /** Settles the usage and writes the answer; may be repeated. */
  finish(turn: Turn, result: TurnResult): Promise<void>
}

/**
 * @param workerId names this process in token_usage
 * @param now Unix milliseconds
 */
export function createTurns(db: Database, workerId: string, now: () => number): Turns {
  return {
    async begin(question) {
      const { requestId, uid, message, apiKeyId } = question
      const startedAt = now()
      const known = question.conversationId
      const parentId = known === undefined ? null : await findParent(db, uid, known)
      const earlier = parentId === null ? [] : await readChain(db, parentId)
      const messages = buildPrompt(message, earlier)
      const call = { ...question.call, requestId, messages }
      const promptEstimate = estimatePromptTokens(
        messages.map(({ content }) => content),
        call.thinking,
      )
      const ids = await db.transaction(async (tx) => {
        const conversationId = known ?? (await createConversation(tx, uid, message, startedAt))
        const open = { requestId, uid, workerId, conversationId, apiKeyId, startedAt }
        await openUsage(tx, { ...open, model: call.model, promptEstimate })
        const at = startedAt
        const added = await appendTurn(tx, { conversationId, parentId, message, requestId, at })
        return { conversationId, ...added }
      })
      return { id: requestId, uid, ...ids, call, promptEstimate, startedAt }
    },

    finish(turn, result) {
      return db.transaction(async (tx) => {
        await settleUsage(tx, turn, result, now())
        await writeAnswer(tx, turn, result)
      })
    },
  }
}
